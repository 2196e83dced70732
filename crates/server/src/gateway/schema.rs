//! Messages as JSON, and back, by their descriptors: the mapping of protocol buffers, with the
//! names that the `.proto` files have, as etcd writes them. Both these and the names in camel case
//! are read; fields that are not known are passed over.

use std::sync::Arc;

use bytes::Bytes;
use prost_reflect::prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use serde::de::IgnoredAny;
use tonic::Status;

/// The descriptors of everything that is served.
pub(super) fn pool() -> DescriptorPool {
    DescriptorPool::decode(etcdpb::DESCRIPTORS).expect("the compiler of the protos made them")
}

/// A method of a service: what it takes, and what it answers.
#[derive(Clone, Debug)]
pub(super) struct Method {
    /// Its path in gRPC.
    pub(super) path: Arc<str>,
    /// Whether it takes many messages, and not one.
    pub(super) takes_many: bool,
    /// Whether it answers many messages, and not one.
    pub(super) answers_many: bool,
    input: MessageDescriptor,
    output: MessageDescriptor,
}

impl Method {
    /// The method of that name, `package.Service/Method`, which there must be.
    pub(super) fn find(pool: &DescriptorPool, name: &str) -> Self {
        let found = name.split_once('/').and_then(|(service, method)| {
            pool.get_service_by_name(service)?.methods().find(|known| known.name() == method)
        });
        let method = found.unwrap_or_else(|| panic!("there is no method {name}"));
        Self {
            path: format!("/{name}").into(),
            takes_many: method.is_client_streaming(),
            answers_many: method.is_server_streaming(),
            input: method.input(),
            output: method.output(),
        }
    }

    /// A request, encoded, of the first JSON value in `text`, and how much of the text that takes.
    /// Nothing, if the value is not all there yet.
    pub(super) fn request(&self, text: &[u8]) -> Option<Result<(Bytes, usize), Status>> {
        let malformed = |error: &serde_json::Error| Status::invalid_argument(error.to_string());
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
        match values.next()? {
            Ok(_) => {}
            Err(error) if error.is_eof() => return None,
            Err(error) => return Some(Err(malformed(&error))),
        }
        let length = values.byte_offset();
        let options = DeserializeOptions::new().deny_unknown_fields(false);
        let mut value = serde_json::Deserializer::from_slice(&text[..length]);
        let input = self.input.clone();
        let message = DynamicMessage::deserialize_with_options(input, &mut value, &options);
        Some(match message {
            Ok(message) => Ok((message.encode_to_vec().into(), length)),
            Err(error) => Err(malformed(&error)),
        })
    }

    /// An encoded answer as JSON.
    pub(super) fn answer(&self, message: Bytes) -> Result<Vec<u8>, Status> {
        let unreadable = |error: &dyn std::error::Error| Status::internal(error.to_string());
        let message = DynamicMessage::decode(self.output.clone(), message);
        let message = message.map_err(|error| unreadable(&error))?;
        let options = SerializeOptions::new()
            .use_proto_field_name(true)
            .stringify_64_bit_integers(true)
            .skip_default_fields(true);
        let mut text = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut text);
        message
            .serialize_with_options(&mut serializer, &options)
            .map_err(|error| unreadable(&error))?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use etcdpb::etcdserverpb as pb;
    use etcdpb::etcdserverpb::compare::TargetUnion;

    use super::*;

    fn method(name: &str) -> Method {
        Method::find(&pool(), name)
    }

    fn read<T: Message + Default>(name: &str, text: &str) -> T {
        let (bytes, length) = method(name).request(text.as_bytes()).unwrap().unwrap();
        assert_eq!(length, text.len());
        T::decode(bytes).unwrap()
    }

    #[test]
    fn requests_are_read_as_etcd_reads_them() {
        let range = pb::RangeRequest {
            key: "foo".into(),
            revision: 7,
            sort_order: 2,
            sort_target: 3,
            keys_only: true,
            ..Default::default()
        };
        for text in [
            r#"{"key":"Zm9v","revision":"7","sort_order":"DESCEND","sort_target":"MOD",
                "keys_only":true}"#,
            r#"{"key":"Zm9v","revision":7,"sortOrder":2,"sortTarget":3,"keysOnly":true,"new":{}}"#,
        ] {
            assert_eq!(read::<pb::RangeRequest>("etcdserverpb.KV/Range", text), range);
        }
        let text = r#"{"ID":"1","peerURLs":["http://x"]}"#;
        let update: pb::MemberUpdateRequest = read("etcdserverpb.Cluster/MemberUpdate", text);
        assert_eq!((update.id, &update.peer_urls[0][..]), (1, "http://x"));
        // As Patroni writes it, which leaves the result out and writes revisions as texts.
        let text = r#"{"compare":[{"target":"CREATE","key":"Zm9v","create_revision":"9"}]}"#;
        let txn: pb::TxnRequest = read("etcdserverpb.KV/Txn", text);
        assert_eq!(txn.compare[0].target_union, Some(TargetUnion::CreateRevision(9)));
    }

    #[test]
    fn what_is_no_message_is_refused_and_what_is_none_yet_waited_for() {
        let range = method("etcdserverpb.KV/Range");
        for text in ["{\"key\":7}", "[]", "{\"key\":\"a\"}", "nonsense", "{\"limit\":\"x\"}"] {
            assert!(range.request(text.as_bytes()).unwrap().is_err(), "{text}");
        }
        assert!(range.request(b"  ").is_none());
        assert!(range.request(b"{\"key\":").is_none());
        let (_, length) = range.request(b"{} {}").unwrap().unwrap();
        assert_eq!(length, 2);
    }

    #[test]
    fn answers_have_etcds_names_and_no_zeros() {
        let list = pb::MemberListResponse {
            header: Some(pb::ResponseHeader { member_id: u64::MAX, ..Default::default() }),
            members: vec![pb::Member { id: 1, peer_urls: vec!["u".into()], ..Default::default() }],
        };
        let list = list.encode_to_vec().into();
        let text = method("etcdserverpb.Cluster/MemberList").answer(list).unwrap();
        let expected = concat!(
            r#"{"header":{"member_id":"18446744073709551615"},"#,
            r#""members":[{"ID":"1","peerURLs":["u"]}]}"#
        );
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
