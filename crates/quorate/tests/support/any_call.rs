//! Any method over gRPC, with its request as JSON: for tables of requests.

use bytes::{Buf, BufMut, Bytes};
use futures_util::future::Either;
use prost_reflect::prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, SerializeOptions};
use serde_json::Value;
use tokio_stream::{StreamExt, iter, pending};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// A call of a method of the services of etcd.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// As in `KV/Range`.
    pub(crate) method: &'static str,
    pub(crate) request: String,
    pub(crate) metadata: Vec<(&'static str, Vec<u8>)>,
}

/// That method with that request.
pub(crate) fn call(method: &'static str, request: impl Into<String>) -> Call {
    Call { method, request: request.into(), metadata: Vec::new() }
}

impl Call {
    /// The same, with that said in its metadata.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.metadata.push((name, value.into()));
        self
    }

    /// The first thing that is answered. The request is the only one, and not the end of them.
    pub(crate) async fn of(&self, channel: &Channel) -> Result<Value, Status> {
        let method = method(self.method);
        let mut json = serde_json::Deserializer::from_str(&self.request);
        let message = DynamicMessage::deserialize(method.input(), &mut json)
            .unwrap_or_else(|error| panic!("{}: {error}", self.request));
        let message = iter([Bytes::from(message.encode_to_vec())]);
        let requests = if method.is_client_streaming() {
            Either::Left(message.chain(pending()))
        } else {
            Either::Right(message)
        };
        let mut request = Request::new(requests);
        for (name, value) in &self.metadata {
            let value = MetadataValue::<Ascii>::try_from(&value[..]).expect("it can be a header");
            request.metadata_mut().insert(*name, value);
        }
        let mut client = Grpc::new(channel.clone());
        client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = PathAndQuery::try_from(path).expect("a path");
        let mut answers = client.streaming(request, path, Raw).await?.into_inner();
        let answer = answers.message().await?.expect("there is an answer");
        let answer = DynamicMessage::decode(method.output(), answer).expect("it is a message");
        let options = SerializeOptions::new().use_proto_field_name(true);
        let json = answer.serialize_with_options(serde_json::value::Serializer, &options);
        Ok(json.expect("messages are JSON"))
    }
}

/// A client that connects when it is used.
pub(crate) fn channel(url: &str) -> Channel {
    Endpoint::from_shared(url.to_owned()).expect("a URL").connect_lazy()
}

fn method(name: &str) -> MethodDescriptor {
    let pool = DescriptorPool::decode(etcdpb::DESCRIPTORS).expect("the compiler made them");
    let (service, method) = name.split_once('/').expect("a service and a method");
    let package = if matches!(service, "Election" | "Lock") {
        format!("v3{}pb", service.to_lowercase())
    } else {
        "etcdserverpb".to_owned()
    };
    let service = pool.get_service_by_name(&format!("{package}.{service}"));
    let service = service.unwrap_or_else(|| panic!("{name}: no such service"));
    let found = service.methods().find(|known| known.name() == method);
    found.unwrap_or_else(|| panic!("{name}: no such method"))
}

/// Messages as they are.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
