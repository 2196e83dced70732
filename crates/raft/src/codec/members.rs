//! The encoding of configurations, of changes to them, and of what a snapshot stands for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{
    DecodeError, count, decode_command, decode_position, encode_command, encode_position,
    put_varint, tag, varint,
};
use crate::configuration::{Change, ChangeError, Configuration};
use crate::types::{NodeId, Position, Snapshot};

/// The tags of changes. Never give one a new meaning: members of two versions may meet.
mod change_tag {
    pub(super) const ADD_VOTER: u8 = 1;
    pub(super) const ADD_LEARNER: u8 = 2;
    pub(super) const PROMOTE: u8 = 3;
    pub(super) const DEMOTE: u8 = 4;
    pub(super) const REMOVE: u8 = 5;
    pub(super) const MOVE: u8 = 6;
}

/// The tags of results; 0 is success. Never give one a new meaning.
mod result_tag {
    pub(super) const OK: u8 = 0;
    pub(super) const PENDING: u8 = 1;
    pub(super) const NOT_READY: u8 = 2;
    pub(super) const ALREADY_MEMBER: u8 = 3;
    pub(super) const NOT_MEMBER: u8 = 4;
    pub(super) const NOT_LEARNER: u8 = 5;
    pub(super) const NOT_VOTER: u8 = 6;
    pub(super) const NOT_CAUGHT_UP: u8 = 7;
    pub(super) const NO_VOTER: u8 = 8;
    pub(super) const EMPTY: u8 = 9;
}

/// A member and the length of an address.
const ADDRESS_BYTES_MIN: usize = 2;
/// A tag and a member.
const CHANGE_BYTES_MIN: usize = 2;

/// Appends the encoding of what a snapshot stands for to `out`.
pub fn encode_snapshot(snapshot: &Snapshot, out: &mut BytesMut) {
    encode_position(snapshot.position, out);
    encode_configuration(&snapshot.configuration, out);
    put_varint(snapshot.bytes, out);
    out.put_u32_le(snapshot.checksum);
}

/// Takes what a snapshot stands for off the front of `input`.
pub fn decode_snapshot(input: &mut Bytes) -> Result<Snapshot, DecodeError> {
    Ok(Snapshot {
        position: decode_position(input)?,
        configuration: Arc::new(decode_configuration(input)?),
        bytes: varint(input, "snapshot's length")?,
        checksum: input
            .try_get_u32_le()
            .map_err(|_| DecodeError::Short { reading: "snapshot's checksum" })?,
    })
}

/// Appends the encoding of a configuration to `out`.
pub fn encode_configuration(configuration: &Configuration, out: &mut BytesMut) {
    encode_members(configuration.voters(), out);
    encode_members(configuration.outgoing(), out);
    encode_members(configuration.learners(), out);
    put_varint(configuration.addresses().len() as u64, out);
    for (id, address) in configuration.addresses() {
        encode_address(id, address, out);
    }
}

/// Takes a configuration off the front of `input`.
pub fn decode_configuration(input: &mut Bytes) -> Result<Configuration, DecodeError> {
    let voters = decode_members(input)?;
    let outgoing = decode_members(input)?;
    let learners = decode_members(input)?;
    let count = count(input, "addresses", ADDRESS_BYTES_MIN)?;
    let mut addresses = BTreeMap::new();
    for _ in 0..count {
        let (id, address) = decode_address(input)?;
        if addresses.last_key_value().is_some_and(|(last, _)| *last >= id) {
            return Err(DecodeError::Unordered { of: "addresses" });
        }
        addresses.insert(id, address);
    }
    Ok(Configuration::from_parts(voters, outgoing, learners, addresses))
}

pub(super) fn encode_changes(changes: &[Change], out: &mut BytesMut) {
    put_varint(changes.len() as u64, out);
    for change in changes {
        encode_change(change, out);
    }
}

pub(super) fn decode_changes(input: &mut Bytes) -> Result<Vec<Change>, DecodeError> {
    let count = count(input, "changes", CHANGE_BYTES_MIN)?;
    (0..count).map(|_| decode_change(input)).collect()
}

pub(super) fn encode_result(result: &Result<Position, ChangeError>, out: &mut BytesMut) {
    let (tag, id) = match result {
        Ok(position) => {
            out.put_u8(result_tag::OK);
            encode_position(*position, out);
            return;
        }
        Err(ChangeError::Pending) => (result_tag::PENDING, None),
        Err(ChangeError::NotReady) => (result_tag::NOT_READY, None),
        Err(ChangeError::AlreadyMember(id)) => (result_tag::ALREADY_MEMBER, Some(id)),
        Err(ChangeError::NotMember(id)) => (result_tag::NOT_MEMBER, Some(id)),
        Err(ChangeError::NotLearner(id)) => (result_tag::NOT_LEARNER, Some(id)),
        Err(ChangeError::NotVoter(id)) => (result_tag::NOT_VOTER, Some(id)),
        Err(ChangeError::NotCaughtUp(id)) => (result_tag::NOT_CAUGHT_UP, Some(id)),
        Err(ChangeError::NoVoter) => (result_tag::NO_VOTER, None),
        Err(ChangeError::Empty) => (result_tag::EMPTY, None),
    };
    out.put_u8(tag);
    if let Some(id) = id {
        put_varint(id.0, out);
    }
}

pub(super) fn decode_result(
    input: &mut Bytes,
) -> Result<Result<Position, ChangeError>, DecodeError> {
    Ok(Err(match tag(input, "result")? {
        result_tag::OK => return decode_position(input).map(Ok),
        result_tag::PENDING => ChangeError::Pending,
        result_tag::NOT_READY => ChangeError::NotReady,
        result_tag::ALREADY_MEMBER => ChangeError::AlreadyMember(member(input)?),
        result_tag::NOT_MEMBER => ChangeError::NotMember(member(input)?),
        result_tag::NOT_LEARNER => ChangeError::NotLearner(member(input)?),
        result_tag::NOT_VOTER => ChangeError::NotVoter(member(input)?),
        result_tag::NOT_CAUGHT_UP => ChangeError::NotCaughtUp(member(input)?),
        result_tag::NO_VOTER => ChangeError::NoVoter,
        result_tag::EMPTY => ChangeError::Empty,
        tag => return Err(DecodeError::UnknownTag { of: "result", tag }),
    }))
}

fn encode_change(change: &Change, out: &mut BytesMut) {
    let (tag, id, address) = match change {
        Change::AddVoter { id, address } => (change_tag::ADD_VOTER, id, Some(address)),
        Change::AddLearner { id, address } => (change_tag::ADD_LEARNER, id, Some(address)),
        Change::Promote(id) => (change_tag::PROMOTE, id, None),
        Change::Demote(id) => (change_tag::DEMOTE, id, None),
        Change::Remove(id) => (change_tag::REMOVE, id, None),
        Change::Move { id, address } => (change_tag::MOVE, id, Some(address)),
    };
    out.put_u8(tag);
    match address {
        Some(address) => encode_address(*id, address, out),
        None => put_varint(id.0, out),
    }
}

fn decode_change(input: &mut Bytes) -> Result<Change, DecodeError> {
    Ok(match tag(input, "change")? {
        change_tag::ADD_VOTER => {
            let (id, address) = decode_address(input)?;
            Change::AddVoter { id, address }
        }
        change_tag::ADD_LEARNER => {
            let (id, address) = decode_address(input)?;
            Change::AddLearner { id, address }
        }
        change_tag::PROMOTE => Change::Promote(member(input)?),
        change_tag::DEMOTE => Change::Demote(member(input)?),
        change_tag::REMOVE => Change::Remove(member(input)?),
        change_tag::MOVE => {
            let (id, address) = decode_address(input)?;
            Change::Move { id, address }
        }
        tag => return Err(DecodeError::UnknownTag { of: "change", tag }),
    })
}

fn encode_members(members: impl ExactSizeIterator<Item = NodeId>, out: &mut BytesMut) {
    put_varint(members.len() as u64, out);
    members.for_each(|id| put_varint(id.0, out));
}

fn decode_members(input: &mut Bytes) -> Result<BTreeSet<NodeId>, DecodeError> {
    let count = count(input, "members", 1)?;
    let mut members = BTreeSet::new();
    for _ in 0..count {
        let id = member(input)?;
        if members.last().is_some_and(|last| *last >= id) {
            return Err(DecodeError::Unordered { of: "members" });
        }
        members.insert(id);
    }
    Ok(members)
}

fn encode_address(id: NodeId, address: &Bytes, out: &mut BytesMut) {
    put_varint(id.0, out);
    encode_command(address, out);
}

fn decode_address(input: &mut Bytes) -> Result<(NodeId, Bytes), DecodeError> {
    Ok((member(input)?, decode_command(input)?))
}

fn member(input: &mut Bytes) -> Result<NodeId, DecodeError> {
    varint(input, "member").map(NodeId)
}
