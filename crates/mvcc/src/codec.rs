//! Commands as bytes: what goes into the log.
//!
//! ```text
//!   command   = format:u8 (=1)  kind:u8  body
//!   put       = flags:u8  key  value  lease           flags: 1 prev_kv  2 ignore_value
//!   delete    = flags:u8  key  range_end                     4 ignore_lease  8 keys_only
//!   range     = flags:u8  order:u8  target:u8                16 count_only
//!               key  range_end  limit  revision  min_mod  max_mod  min_create  max_create
//!   txn       = list of compare  list of op  list of op
//!   compare   = relation:u8  target:u8  key  range_end  (number or bytes)
//!   op        = kind:u8  body
//!   compact   = revision
//!   publish   = member_id  name  list of url
//!   lease     = see lease/codec.rs
//!   auth      = see auth/codec.rs; and auth/stamp.rs for what stands before a command in the log
//!   alarm     = change:u8 (0 raise, 1 disarm)  alarm:u8 (0 no space, 1 corrupt)  member_id
//! ```
//!
//! Numbers are varints (LEB128, seven bits a byte, low bits first; negative ones take ten bytes).
//! Byte strings and lists come after their length. There is one encoding of each command, and
//! nothing else is accepted but it: no spare bits, bytes, or long forms of numbers.
//!
//! The log outlives the program that wrote it. A change to this layout takes a new format number,
//! and the old ones stay readable.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::alarm::{Alarm, AlarmCommand, MemberAlarm};
use crate::auth::AuthCommand;
use crate::command::{
    Command, Compact, Compare, CompareTarget, DeleteRange, Op, Publish, Put, Range, Relation,
    SortOrder, SortTarget, Txn,
};
use crate::lease::LeaseCommand;
use crate::validate::TXN_DEPTH_MAX;

/// The first byte of every encoded command. Stamps, which stand before some, begin with others.
const FORMAT: u8 = 1;

const PUT: u8 = 1;
const DELETE_RANGE: u8 = 2;
const TXN: u8 = 3;
const COMPACT: u8 = 4;
const PUBLISH: u8 = 5;
const RANGE: u8 = 6;
const LEASE: u8 = 7;
const ALARM: u8 = 8;
const AUTH: u8 = 9;

const PREV_KV: u8 = 1;
const IGNORE_VALUE: u8 = 2;
const IGNORE_LEASE: u8 = 4;
const KEYS_ONLY: u8 = 8;
const COUNT_ONLY: u8 = 16;

const ORDERS: [SortOrder; 3] = [SortOrder::None, SortOrder::Ascend, SortOrder::Descend];
const TARGETS: [SortTarget; 5] =
    [SortTarget::Key, SortTarget::Version, SortTarget::Create, SortTarget::Mod, SortTarget::Value];
const ALARMS: [Alarm; 2] = [Alarm::NoSpace, Alarm::Corrupt];
const RELATIONS: [Relation; 5] =
    [Relation::Equal, Relation::Greater, Relation::Less, Relation::NotEqual, Relation::Unknown];

/// Why bytes are not a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They end too early.
    #[error("the command is cut off")]
    Truncated,
    /// They go on after the command.
    #[error("{0} bytes follow the command")]
    Trailing(usize),
    /// Another version of the program wrote them.
    #[error("the command has format {0}, which is not known here")]
    UnknownFormat(u8),
    /// A byte has a value that means nothing in its place.
    #[error("{value} is not a known {what}")]
    UnknownValue {
        /// What the byte should say.
        what: &'static str,
        /// What it is.
        value: u8,
    },
    /// A number is larger than 64 bits, or longer than it need be.
    #[error("a number is not in its one form")]
    MalformedNumber,
    /// A name is not UTF-8.
    #[error("a text is not UTF-8")]
    MalformedText,
    /// Transactions are nested deeper than [`TXN_DEPTH_MAX`].
    #[error("transactions are nested too deep")]
    TooDeep,
}

impl Command {
    /// The command as bytes. [`decode`](Self::decode) accepts them if [`validate`](Self::validate)
    /// accepts the command; otherwise transactions may be nested too deep for it.
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.encode_into(&mut out);
        out.freeze()
    }

    /// Appends the command to `out`.
    pub fn encode_into(&self, out: &mut BytesMut) {
        out.put_u8(FORMAT);
        match self {
            Self::Put(put) => {
                out.put_u8(PUT);
                put.encode(out);
            }
            Self::DeleteRange(delete) => {
                out.put_u8(DELETE_RANGE);
                delete.encode(out);
            }
            Self::Txn(txn) => {
                out.put_u8(TXN);
                txn.encode(out);
            }
            Self::Compact(compact) => {
                out.put_u8(COMPACT);
                put_number(out, compact.revision);
            }
            Self::Publish(publish) => {
                out.put_u8(PUBLISH);
                publish.encode(out);
            }
            Self::Lease(lease) => {
                out.put_u8(LEASE);
                lease.encode(out);
            }
            Self::Alarm(alarm) => {
                out.put_u8(ALARM);
                alarm.encode(out);
            }
            Self::Auth(auth) => {
                out.put_u8(AUTH);
                auth.encode(out);
            }
        }
    }

    /// The command that these bytes are, all of them. Keys and values are not copied: they share
    /// the memory of `bytes`.
    ///
    /// # Errors
    /// If the bytes are not what [`encode`](Self::encode) gives. Whatever they are, decoding takes
    /// no more memory than in proportion to them.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let mut input = Input(bytes);
        let format = input.byte()?;
        if format != FORMAT {
            return Err(DecodeError::UnknownFormat(format));
        }
        let command = match input.byte()? {
            PUT => Self::Put(Put::decode(&mut input)?),
            DELETE_RANGE => Self::DeleteRange(DeleteRange::decode(&mut input)?),
            TXN => Self::Txn(Txn::decode(&mut input, TXN_DEPTH_MAX)?),
            COMPACT => Self::Compact(Compact { revision: input.number()? }),
            PUBLISH => Self::Publish(Publish::decode(&mut input)?),
            LEASE => Self::Lease(LeaseCommand::decode(&mut input)?),
            ALARM => Self::Alarm(AlarmCommand::decode(&mut input)?),
            AUTH => Self::Auth(AuthCommand::decode(&mut input)?),
            value => return Err(DecodeError::UnknownValue { what: "command", value }),
        };
        match input.0.remaining() {
            0 => Ok(command),
            trailing => Err(DecodeError::Trailing(trailing)),
        }
    }
}

impl Put {
    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(
            flag(self.prev_kv, PREV_KV)
                | flag(self.ignore_value, IGNORE_VALUE)
                | flag(self.ignore_lease, IGNORE_LEASE),
        );
        put_bytes(out, &self.key);
        put_bytes(out, &self.value);
        put_number(out, self.lease);
    }

    fn decode(input: &mut Input) -> Result<Self, DecodeError> {
        let flags = input.flags(PREV_KV | IGNORE_VALUE | IGNORE_LEASE)?;
        Ok(Self {
            key: input.bytes()?,
            value: input.bytes()?,
            lease: input.number()?,
            prev_kv: flags & PREV_KV != 0,
            ignore_value: flags & IGNORE_VALUE != 0,
            ignore_lease: flags & IGNORE_LEASE != 0,
        })
    }
}

impl DeleteRange {
    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(flag(self.prev_kv, PREV_KV));
        put_bytes(out, &self.key);
        put_bytes(out, &self.range_end);
    }

    fn decode(input: &mut Input) -> Result<Self, DecodeError> {
        let flags = input.flags(PREV_KV)?;
        let (key, range_end) = (input.bytes()?, input.bytes()?);
        Ok(Self { key, range_end, prev_kv: flags & PREV_KV != 0 })
    }
}

impl Range {
    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(flag(self.keys_only, KEYS_ONLY) | flag(self.count_only, COUNT_ONLY));
        out.put_u8(self.sort_order as u8);
        out.put_u8(self.sort_target as u8);
        put_bytes(out, &self.key);
        put_bytes(out, &self.range_end);
        put_number(out, self.limit);
        put_number(out, self.revision);
        put_number(out, self.min_mod_revision);
        put_number(out, self.max_mod_revision);
        put_number(out, self.min_create_revision);
        put_number(out, self.max_create_revision);
    }

    fn decode(input: &mut Input) -> Result<Self, DecodeError> {
        let flags = input.flags(KEYS_ONLY | COUNT_ONLY)?;
        Ok(Self {
            sort_order: input.one_of("sort order", &ORDERS)?,
            sort_target: input.one_of("sort target", &TARGETS)?,
            key: input.bytes()?,
            range_end: input.bytes()?,
            limit: input.number()?,
            revision: input.number()?,
            min_mod_revision: input.number()?,
            max_mod_revision: input.number()?,
            min_create_revision: input.number()?,
            max_create_revision: input.number()?,
            keys_only: flags & KEYS_ONLY != 0,
            count_only: flags & COUNT_ONLY != 0,
        })
    }
}

impl AlarmCommand {
    fn encode(&self, out: &mut BytesMut) {
        let (change, MemberAlarm { alarm, member_id }) = match self {
            Self::Raise(alarm) => (0, alarm),
            Self::Disarm(alarm) => (1, alarm),
        };
        out.put_u8(change);
        out.put_u8(*alarm as u8);
        put_varint(out, *member_id);
    }

    fn decode(input: &mut Input) -> Result<Self, DecodeError> {
        let change = input.one_of("change of an alarm", &[Self::Raise, Self::Disarm])?;
        let (alarm, member_id) = (input.one_of("alarm", &ALARMS)?, input.varint()?);
        Ok(change(MemberAlarm { alarm, member_id }))
    }
}

impl Txn {
    fn encode(&self, out: &mut BytesMut) {
        put_list(out, &self.compare, Compare::encode);
        put_list(out, &self.success, Op::encode);
        put_list(out, &self.failure, Op::encode);
    }

    fn decode(input: &mut Input, depth_max: usize) -> Result<Self, DecodeError> {
        let depth_max = depth_max.checked_sub(1).ok_or(DecodeError::TooDeep)?;
        Ok(Self {
            compare: input.list(Compare::decode)?,
            success: input.list(|input| Op::decode(input, depth_max))?,
            failure: input.list(|input| Op::decode(input, depth_max))?,
        })
    }
}

impl Op {
    fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Range(range) => {
                out.put_u8(RANGE);
                range.encode(out);
            }
            Self::Put(put) => {
                out.put_u8(PUT);
                put.encode(out);
            }
            Self::DeleteRange(delete) => {
                out.put_u8(DELETE_RANGE);
                delete.encode(out);
            }
            Self::Txn(txn) => {
                out.put_u8(TXN);
                txn.encode(out);
            }
        }
    }

    fn decode(input: &mut Input, depth_max: usize) -> Result<Self, DecodeError> {
        Ok(match input.byte()? {
            RANGE => Self::Range(Range::decode(input)?),
            PUT => Self::Put(Put::decode(input)?),
            DELETE_RANGE => Self::DeleteRange(DeleteRange::decode(input)?),
            TXN => Self::Txn(Txn::decode(input, depth_max)?),
            value => return Err(DecodeError::UnknownValue { what: "operation", value }),
        })
    }
}

impl Compare {
    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.relation as u8);
        out.put_u8(match self.target {
            CompareTarget::Version(_) => 0,
            CompareTarget::Create(_) => 1,
            CompareTarget::Mod(_) => 2,
            CompareTarget::Value(_) => 3,
            CompareTarget::Lease(_) => 4,
        });
        put_bytes(out, &self.key);
        put_bytes(out, &self.range_end);
        match &self.target {
            CompareTarget::Version(number)
            | CompareTarget::Create(number)
            | CompareTarget::Mod(number)
            | CompareTarget::Lease(number) => put_number(out, *number),
            CompareTarget::Value(value) => put_bytes(out, value),
        }
    }

    fn decode(input: &mut Input) -> Result<Self, DecodeError> {
        let relation = input.one_of("relation", &RELATIONS)?;
        let target = input.byte()?;
        let (key, range_end) = (input.bytes()?, input.bytes()?);
        let target = match target {
            0 => CompareTarget::Version(input.number()?),
            1 => CompareTarget::Create(input.number()?),
            2 => CompareTarget::Mod(input.number()?),
            3 => CompareTarget::Value(input.bytes()?),
            4 => CompareTarget::Lease(input.number()?),
            value => return Err(DecodeError::UnknownValue { what: "compare target", value }),
        };
        Ok(Self { key, range_end, relation, target })
    }
}

impl Publish {
    fn encode(&self, out: &mut BytesMut) {
        put_varint(out, self.member_id);
        put_bytes(out, self.name.as_bytes());
        put_list(out, &self.client_urls, |url, out| put_bytes(out, url.as_bytes()));
    }

    fn decode(input: &mut Input) -> Result<Self, DecodeError> {
        Ok(Self {
            member_id: input.varint()?,
            name: input.text()?,
            client_urls: input.list(Input::text)?,
        })
    }
}

fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

pub(crate) fn put_varint(out: &mut BytesMut, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.put_u8(low);
        }
        out.put_u8(low | 0x80);
    }
}

pub(crate) fn put_number(out: &mut BytesMut, number: i64) {
    put_varint(out, number.cast_unsigned());
}

pub(crate) fn put_bytes(out: &mut BytesMut, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.put_slice(bytes);
}

pub(crate) fn put_list<T>(out: &mut BytesMut, list: &[T], put: impl Fn(&T, &mut BytesMut)) {
    put_varint(out, list.len() as u64);
    for item in list {
        put(item, out);
    }
}

/// What is still to be decoded.
pub(crate) struct Input(pub(crate) Bytes);

impl Input {
    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.0.try_get_u8().map_err(|_| DecodeError::Truncated)
    }

    fn flags(&mut self, known: u8) -> Result<u8, DecodeError> {
        match self.byte()? {
            flags if flags & !known == 0 => Ok(flags),
            value => Err(DecodeError::UnknownValue { what: "set of flags", value }),
        }
    }

    pub(crate) fn one_of<T: Copy>(
        &mut self,
        what: &'static str,
        all: &[T],
    ) -> Result<T, DecodeError> {
        let value = self.byte()?;
        all.get(usize::from(value)).copied().ok_or(DecodeError::UnknownValue { what, value })
    }

    pub(crate) fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            let is_last = byte & 0x80 == 0;
            // The tenth byte has room for one bit; a last byte of zero says nothing.
            if (shift == 63 && bits > 1) || (is_last && byte == 0 && shift > 0) {
                return Err(DecodeError::MalformedNumber);
            }
            number |= bits << shift;
            if is_last {
                return Ok(number);
            }
        }
        Err(DecodeError::MalformedNumber)
    }

    pub(crate) fn number(&mut self) -> Result<i64, DecodeError> {
        self.varint().map(u64::cast_signed)
    }

    pub(crate) fn bytes(&mut self) -> Result<Bytes, DecodeError> {
        let length = usize::try_from(self.varint()?).map_err(|_| DecodeError::Truncated)?;
        if length > self.0.len() {
            return Err(DecodeError::Truncated);
        }
        Ok(self.0.split_to(length))
    }

    pub(crate) fn text(&mut self) -> Result<String, DecodeError> {
        String::from_utf8(self.bytes()?.into()).map_err(|_| DecodeError::MalformedText)
    }

    /// Items are decoded one by one and memory is taken as they come, because a length that was not
    /// written by us may promise anything.
    pub(crate) fn list<T>(
        &mut self,
        item: impl Fn(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let length = self.varint()?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(item(self)?);
        }
        Ok(items)
    }
}
