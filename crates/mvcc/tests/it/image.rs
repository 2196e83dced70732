//! A snapshot is the store at one moment, whatever happened while it was read.

use bytes::BytesMut;
use mvcc::{Command, Image, RestoreError, Restorer, Store};
use proptest::prelude::*;

use crate::generate;

/// Reads the rest of an image.
fn read_all(store: &mut Store, mut image: Image, bytes: &mut BytesMut) {
    while store.read_image(&mut image, 2, bytes) {}
    store.release(image);
}

fn restore(bytes: &[u8], piece: usize) -> Result<Store, RestoreError> {
    let mut restorer = Restorer::default();
    for piece in bytes.chunks(piece) {
        restorer.feed(piece)?;
    }
    restorer.finish()
}

fn store_of(commands: &[Command]) -> Store {
    let mut store = Store::new();
    for command in commands {
        store.apply(command);
    }
    store
}

fn snapshot_of(commands: &[Command]) -> BytesMut {
    let mut store = store_of(commands);
    let image = store.image();
    let mut bytes = BytesMut::new();
    read_all(&mut store, image, &mut bytes);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The commands go on while the image is read, compactions among them. What is restored is the
    /// store before them, and comes to the same end.
    #[test]
    fn what_is_restored_is_the_store_at_the_moment_of_the_image(
        before in generate::commands(0..40),
        after in generate::commands(0..40),
        piece in 1..50usize,
    ) {
        let mut store = store_of(&before);
        let mut plain = store_of(&before);
        let mut image = store.image();
        let mut bytes = BytesMut::new();
        for command in &after {
            store.read_image(&mut image, 1, &mut bytes);
            prop_assert_eq!(store.apply(command), plain.apply(command));
            prop_assert_eq!(store.hash(), plain.hash(), "an image changes no answer");
        }
        read_all(&mut store, image, &mut bytes);
        prop_assert_eq!(store.size_bytes(), plain.size_bytes(), "it is given back");
        prop_assert_eq!(&bytes, &snapshot_of(&before), "equal stores give equal bytes");

        let mut restored = restore(&bytes, piece).unwrap();
        let mut original = store_of(&before);
        prop_assert_eq!(restored.hash(), original.hash());
        prop_assert_eq!(restored.size_bytes(), original.size_bytes());
        prop_assert_eq!(restored.key_count(), original.key_count());
        for command in &after {
            prop_assert_eq!(restored.apply(command), original.apply(command));
            prop_assert_eq!(restored.hash(), original.hash());
            prop_assert_eq!(restored.size_bytes(), original.size_bytes());
        }
    }

    /// Whatever was spoiled: an error, or another store; nothing worse.
    #[test]
    fn spoiled_bytes_are_harmless(
        commands in generate::commands(1..20),
        at in any::<prop::sample::Index>(),
        with in 1..=255u8,
    ) {
        let mut bytes = snapshot_of(&commands);
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        // What can be restored can be written to.
        if let Ok(mut store) = restore(&bytes, 7) {
            for command in &commands {
                store.apply(command);
            }
        }
    }

    #[test]
    fn any_bytes_are_harmless(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = restore(&bytes, 3);
    }
}

#[test]
fn a_cut_and_a_tail_are_found() {
    let put = |key: &'static str| {
        Command::Put(mvcc::Put { key: key.into(), value: "v".into(), ..Default::default() })
    };
    let bytes = snapshot_of(&[put("a"), put("b"), put("a")]);
    for kept in 0..bytes.len() {
        assert_eq!(restore(&bytes[..kept], 5).map(|_| ()), Err(RestoreError::Short), "{kept}");
    }
    let longer = [&bytes[..], b"x"].concat();
    assert_eq!(restore(&longer, 5).map(|_| ()), Err(RestoreError::Long));
}

/// A snapshot from before there were leases.
#[test]
fn the_first_format_is_still_read() {
    let bytes = [
        &1_u32.to_le_bytes()[..],
        &2_i64.to_le_bytes(),
        &(-1_i64).to_le_bytes(),
        &0_u64.to_le_bytes(),
        b"\x01\x01\0\0\0\0\0\0\0a\x01\0\0\0\0\0\0\0",
        b"\x02\0\0\0\0\0\0\0\0\0\0\0\x01\x02\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\x01\0\0\0\0\0\0\0v\x00\x01\0\0\0\0\0\0\0",
    ];
    let restored = restore(&bytes.concat(), 9).unwrap();
    let put = mvcc::Put { key: "a".into(), value: "v".into(), ..Default::default() };
    assert_eq!(restored.hash(), store_of(&[Command::Put(put)]).hash());
}
