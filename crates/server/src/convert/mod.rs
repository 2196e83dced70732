//! Between the messages of the API and the words of the store.

pub(crate) mod request;
pub(crate) mod response;
