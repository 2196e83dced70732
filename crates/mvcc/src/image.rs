//! Snapshots: the whole store as bytes, and back.
//!
//! An [`Image`] pins the store at one revision. It costs nothing to take; its bytes are then read
//! in steps, each of which holds up the store for a bounded time, while writes go on. A compaction
//! that comes meanwhile is in force at once, but forgets nothing before the last image is given
//! back.
//!
//! `docs/formats.md` draws the bytes. Equal stores give equal bytes. The [`Restorer`] takes them in
//! pieces of any size, and trusts none of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::alarm::{Alarm, Alarms, MemberAlarm};
use crate::auth::Auth;
use crate::codec;
use crate::lease::{Lease, Leases};
use crate::memory::{Live, Memory, Revision, Version};
use crate::store::{Member, Store};

/// Format 1 had no leases and no alarms.
const FORMAT: u32 = 2;
const KEY: u8 = 1;
const ALARM: u8 = 2;
const RENEWALS: u8 = 3;
const LEASE: u8 = 4;
const AUTH: u8 = 5;
const END: u8 = 0;

/// The store as it was at one moment. Give it back with [`Store::release`].
#[derive(Debug)]
#[must_use = "nothing is forgotten before it is given back"]
pub struct Image {
    revision: i64,
    compacted: i64,
    members: BTreeMap<u64, Member>,
    renewals: u64,
    leases: BTreeMap<i64, Lease>,
    alarms: BTreeSet<MemberAlarm>,
    auth: Auth,
    reached: Reached,
    pin: Arc<()>,
}

/// How far an image was read.
#[derive(Debug)]
enum Reached {
    Nothing,
    /// Everything up to this key, and how many keys that were.
    Key(Bytes, u64),
    End,
}

/// Why bytes are not a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// They end too early.
    #[error("the snapshot ends too early")]
    Short,
    /// They go on after their end.
    #[error("the snapshot goes on after its end")]
    Long,
    /// A newer version wrote them.
    #[error("the snapshot is of format {0}, and this version reads format {FORMAT}")]
    Format(u32),
    /// They say what no store says.
    #[error("the snapshot is malformed: {0}")]
    Malformed(&'static str),
}

impl Image {
    /// Begins again, at the same moment.
    pub fn rewind(&mut self) {
        self.reached = Reached::Nothing;
    }
}

impl Store {
    /// Pins the store as it is now.
    pub fn image(&mut self) -> Image {
        Image {
            revision: self.revision(),
            compacted: self.compacted_revision().unwrap_or(-1),
            members: self.members().clone(),
            renewals: self.renewals(),
            leases: self.leases().clone(),
            alarms: self.alarms().clone(),
            auth: self.auth().clone(),
            reached: Reached::Nothing,
            pin: self.memory().pin(),
        }
    }

    /// Whether the image is one of this store, and not of one whose place it has taken.
    pub fn holds(&self, image: &Image) -> bool {
        self.memory().is_pin(&image.pin)
    }

    /// Appends more of an image's bytes to `out`: those of at least one key, and of no more than
    /// `versions_max` versions and one key. Whether there is still more.
    pub fn read_image(&self, image: &mut Image, versions_max: usize, out: &mut BytesMut) -> bool {
        let (after, mut count) = match &image.reached {
            Reached::Nothing => {
                encode_head(image, out);
                encode_leases(image, out);
                encode_auth(image, out);
                (None, 0)
            }
            Reached::Key(key, count) => (Some(key.clone()), *count),
            Reached::End => return false,
        };
        let mut versions_left = versions_max;
        let histories = self.memory().histories(after.as_ref());
        for (key, versions) in histories {
            if versions_left == 0 {
                return true;
            }
            let until = versions.partition_point(|version| version.at.main <= image.revision);
            let kept = crate::memory::kept(&versions[..until], image.compacted);
            if !kept.is_empty() {
                encode_key(key, kept, out);
                count += 1;
            }
            versions_left = versions_left.saturating_sub(versions.len().max(1));
            image.reached = Reached::Key(key.clone(), count);
        }
        for MemberAlarm { alarm, member_id } in &image.alarms {
            out.put_u8(ALARM);
            out.put_u8(*alarm as u8);
            out.put_u64_le(*member_id);
        }
        out.put_u8(END);
        out.put_u64_le(count);
        image.reached = Reached::End;
        false
    }

    /// Gives an image back: what was compacted meanwhile is forgotten now.
    pub fn release(&mut self, image: Image) {
        drop(image);
        self.memory_mut().compact_unpinned();
    }
}

fn encode_head(image: &Image, out: &mut BytesMut) {
    out.put_u32_le(FORMAT);
    out.put_i64_le(image.revision);
    out.put_i64_le(image.compacted);
    put_length(image.members.len(), out);
    for (id, Member { name, client_urls }) in &image.members {
        out.put_u64_le(*id);
        put_bytes(name.as_bytes(), out);
        put_length(client_urls.len(), out);
        for url in client_urls {
            put_bytes(url.as_bytes(), out);
        }
    }
}

fn encode_leases(image: &Image, out: &mut BytesMut) {
    if image.renewals > 0 {
        out.put_u8(RENEWALS);
        out.put_u64_le(image.renewals);
    }
    for (id, Lease { ttl_seconds, renewal, left_seconds }) in &image.leases {
        out.put_u8(LEASE);
        out.put_i64_le(*id);
        out.put_i64_le(*ttl_seconds);
        out.put_u64_le(*renewal);
        out.put_i64_le(*left_seconds);
    }
}

/// Nothing, if nothing was changed.
fn encode_auth(image: &Image, out: &mut BytesMut) {
    if image.auth != Auth::default() {
        let mut auth = BytesMut::new();
        image.auth.encode(&mut auth);
        out.put_u8(AUTH);
        put_bytes(&auth, out);
    }
}

fn encode_key(key: &Bytes, versions: &[Version], out: &mut BytesMut) {
    out.put_u8(KEY);
    put_bytes(key, out);
    put_length(versions.len(), out);
    for Version { at, live } in versions {
        out.put_i64_le(at.main);
        out.put_u32_le(at.sub);
        match live {
            None => out.put_u8(0),
            Some(Live { value, create_revision, version, lease }) => {
                out.put_u8(1);
                out.put_i64_le(*create_revision);
                out.put_i64_le(*version);
                out.put_i64_le(*lease);
                put_bytes(value, out);
            }
        }
    }
}

fn put_length(length: usize, out: &mut BytesMut) {
    out.put_u64_le(length as u64);
}

fn put_bytes(bytes: &[u8], out: &mut BytesMut) {
    put_length(bytes.len(), out);
    out.put_slice(bytes);
}

/// Makes a store of a snapshot's bytes, which come in pieces.
#[derive(Debug, Default)]
pub struct Restorer {
    /// What has come and is not a whole part yet.
    pending: BytesMut,
    head: Option<(i64, i64, BTreeMap<u64, Member>)>,
    leases: Leases,
    memory: Memory,
    alarms: Alarms,
    auth: Auth,
    last: Option<Bytes>,
    count: u64,
    is_complete: bool,
}

impl Restorer {
    /// Takes the next piece.
    ///
    /// # Errors
    ///
    /// A [`RestoreError`]. The restorer is of no use then.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), RestoreError> {
        self.pending.extend_from_slice(piece);
        loop {
            let before = self.pending.len();
            let mut input = Input(&self.pending);
            match self.take_part(&mut input) {
                Ok(part) => {
                    let used = before - input.0.len();
                    self.keep(part)?;
                    self.pending.advance(used);
                }
                // The rest of it is still to come.
                Err(RestoreError::Short) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// The store, when all pieces were taken.
    ///
    /// # Errors
    ///
    /// [`RestoreError::Short`], and [`RestoreError::Malformed`].
    pub fn finish(mut self) -> Result<Store, RestoreError> {
        let (Some((revision, compacted, members)), true) = (self.head, self.is_complete) else {
            return Err(RestoreError::Short);
        };
        if !self.memory.rebuild_journal(compacted) {
            return Err(RestoreError::Malformed("two changes have one revision"));
        }
        let mut leases = self.leases;
        for (key, id) in self.memory.leased() {
            if leases.get(id).is_none() {
                return Err(RestoreError::Malformed("a key has a lease that is not there"));
            }
            leases.attach(id, key.clone());
        }
        Ok(Store::restored(
            revision,
            compacted,
            self.memory,
            leases,
            members,
            self.alarms,
            self.auth,
        ))
    }

    fn take_part(&self, input: &mut Input<'_>) -> Result<Part, RestoreError> {
        if self.is_complete {
            let is_more = !input.0.is_empty();
            return Err(if is_more { RestoreError::Long } else { RestoreError::Short });
        }
        let Some((revision, ..)) = &self.head else { return input.head() };
        match input.u8()? {
            KEY => input.key(*revision),
            RENEWALS => Ok(Part::Renewals(input.u64()?)),
            LEASE => input.lease(),
            ALARM => Ok(Part::Alarm(input.alarm()?)),
            AUTH => input.auth(),
            END => Ok(Part::End(input.u64()?)),
            _ => Err(RestoreError::Malformed("unknown tag")),
        }
    }

    fn keep(&mut self, part: Part) -> Result<(), RestoreError> {
        match part {
            Part::Head(revision, compacted, members) => {
                self.head = Some((revision, compacted, members));
            }
            Part::Renewals(renewals) if renewals < u64::MAX => self.leases = Leases::new(renewals),
            Part::Renewals(_) => {
                return Err(RestoreError::Malformed("no lease could be renewed"));
            }
            Part::Lease(id, lease) => {
                if !self.leases.restore(id, lease) {
                    return Err(RestoreError::Malformed("a lease says what cannot be"));
                }
            }
            Part::Key(key, versions) => {
                if self.last.as_ref().is_some_and(|last| *last >= key) {
                    return Err(RestoreError::Malformed("the keys are not in order"));
                }
                self.last = Some(key.clone());
                self.count += 1;
                self.memory.insert_history(key, versions);
            }
            Part::Alarm(alarm) => self.alarms.insert(alarm),
            Part::Auth(auth) => self.auth = auth,
            Part::End(count) if count == self.count => self.is_complete = true,
            Part::End(_) => return Err(RestoreError::Malformed("keys are missing")),
        }
        Ok(())
    }
}

/// A part of a snapshot that is taken as a whole.
enum Part {
    Head(i64, i64, BTreeMap<u64, Member>),
    Renewals(u64),
    Lease(i64, Lease),
    Key(Bytes, Vec<Version>),
    Alarm(MemberAlarm),
    Auth(Auth),
    End(u64),
}

/// Whether a key that was changed at that revision can be so: it was created then or before, and
/// its next version can be counted.
fn is_possible(live: &Live, at: Revision) -> bool {
    (1..=at.main).contains(&live.create_revision) && (1..i64::MAX).contains(&live.version)
}

/// Bytes that are read from the front. What ends too early may go on later.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn head(&mut self) -> Result<Part, RestoreError> {
        let format = self.u32()?;
        if !(1..=FORMAT).contains(&format) {
            return Err(RestoreError::Format(format));
        }
        let (revision, compacted) = (self.i64()?, self.i64()?);
        let is_possible = (1..i64::MAX).contains(&revision) && (-1..=revision).contains(&compacted);
        if !is_possible {
            return Err(RestoreError::Malformed("impossible revisions"));
        }
        let mut members = BTreeMap::new();
        for _ in 0..self.u64()? {
            let (id, name) = (self.u64()?, self.text()?);
            let mut client_urls = Vec::new();
            for _ in 0..self.u64()? {
                client_urls.push(self.text()?);
            }
            members.insert(id, Member { name, client_urls });
        }
        Ok(Part::Head(revision, compacted, members))
    }

    fn lease(&mut self) -> Result<Part, RestoreError> {
        let (id, ttl_seconds) = (self.i64()?, self.i64()?);
        let lease = Lease { ttl_seconds, renewal: self.u64()?, left_seconds: self.i64()? };
        Ok(Part::Lease(id, lease))
    }

    fn key(&mut self, revision: i64) -> Result<Part, RestoreError> {
        let key = Bytes::copy_from_slice(self.bytes()?);
        let mut versions = Vec::<Version>::new();
        for _ in 0..self.u64()? {
            let version = self.version()?;
            let is_later = versions.last().is_none_or(|last| last.at < version.at);
            if !is_later || !(1..=revision).contains(&version.at.main) {
                return Err(RestoreError::Malformed("the versions of a key are not in order"));
            }
            if version.live.as_ref().is_some_and(|live| !is_possible(live, version.at)) {
                return Err(RestoreError::Malformed("a version says what cannot be"));
            }
            versions.push(version);
        }
        if versions.is_empty() {
            return Err(RestoreError::Malformed("a key has no versions"));
        }
        Ok(Part::Key(key, versions))
    }

    fn auth(&mut self) -> Result<Part, RestoreError> {
        let mut input = codec::Input(Bytes::copy_from_slice(self.bytes()?));
        match Auth::decode(&mut input) {
            Ok(auth) if input.0.is_empty() => Ok(Part::Auth(auth)),
            _ => Err(RestoreError::Malformed("the users say what cannot be")),
        }
    }

    fn alarm(&mut self) -> Result<MemberAlarm, RestoreError> {
        let alarm = match self.u8()? {
            0 => Alarm::NoSpace,
            1 => Alarm::Corrupt,
            _ => return Err(RestoreError::Malformed("unknown alarm")),
        };
        Ok(MemberAlarm { alarm, member_id: self.u64()? })
    }

    fn version(&mut self) -> Result<Version, RestoreError> {
        let at = Revision { main: self.i64()?, sub: self.u32()? };
        let live = match self.u8()? {
            0 => None,
            1 => Some(Live {
                create_revision: self.i64()?,
                version: self.i64()?,
                lease: self.i64()?,
                value: Bytes::copy_from_slice(self.bytes()?),
            }),
            _ => return Err(RestoreError::Malformed("unknown tag")),
        };
        Ok(Version { at, live })
    }

    fn text(&mut self) -> Result<String, RestoreError> {
        let bytes = self.bytes()?.to_vec();
        String::from_utf8(bytes).map_err(|_| RestoreError::Malformed("a text is not UTF-8"))
    }

    fn bytes(&mut self) -> Result<&[u8], RestoreError> {
        let length = usize::try_from(self.u64()?).map_err(|_| RestoreError::Short)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(RestoreError::Short)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn u8(&mut self) -> Result<u8, RestoreError> {
        self.0.try_get_u8().map_err(|_| RestoreError::Short)
    }

    fn u32(&mut self) -> Result<u32, RestoreError> {
        self.0.try_get_u32_le().map_err(|_| RestoreError::Short)
    }

    fn u64(&mut self) -> Result<u64, RestoreError> {
        self.0.try_get_u64_le().map_err(|_| RestoreError::Short)
    }

    fn i64(&mut self) -> Result<i64, RestoreError> {
        self.0.try_get_i64_le().map_err(|_| RestoreError::Short)
    }
}
