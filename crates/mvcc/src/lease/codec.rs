//! Changes to leases as bytes, in the manner of [`crate::codec`]:
//!
//! ```text
//!   grant       1:u8  id  ttl
//!   revoke      2:u8  id
//!   renew       3:u8  list of id
//!   expire      4:u8  id  renewal
//!   checkpoint  5:u8  list of (id  renewal  left)
//! ```

use bytes::{BufMut, BytesMut};

use super::command::{Checkpoint, LeaseCommand};
use crate::DecodeError;
use crate::codec::{Input, put_list, put_number, put_varint};

const GRANT: u8 = 1;
const REVOKE: u8 = 2;
const RENEW: u8 = 3;
const EXPIRE: u8 = 4;
const CHECKPOINT: u8 = 5;

impl LeaseCommand {
    pub(crate) fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Grant { id, ttl_seconds } => {
                out.put_u8(GRANT);
                put_number(out, *id);
                put_number(out, *ttl_seconds);
            }
            Self::Revoke { id } => {
                out.put_u8(REVOKE);
                put_number(out, *id);
            }
            Self::Renew { ids } => {
                out.put_u8(RENEW);
                put_list(out, ids, |id, out| put_number(out, *id));
            }
            Self::Expire { id, renewal } => {
                out.put_u8(EXPIRE);
                put_number(out, *id);
                put_varint(out, *renewal);
            }
            Self::Checkpoint(checkpoints) => {
                out.put_u8(CHECKPOINT);
                put_list(out, checkpoints, Checkpoint::encode);
            }
        }
    }

    pub(crate) fn decode(input: &mut Input) -> Result<Self, DecodeError> {
        Ok(match input.byte()? {
            GRANT => Self::Grant { id: input.number()?, ttl_seconds: input.number()? },
            REVOKE => Self::Revoke { id: input.number()? },
            RENEW => Self::Renew { ids: input.list(Input::number)? },
            EXPIRE => Self::Expire { id: input.number()?, renewal: input.varint()? },
            CHECKPOINT => Self::Checkpoint(input.list(Checkpoint::decode)?),
            value => return Err(DecodeError::UnknownValue { what: "lease command", value }),
        })
    }
}

impl Checkpoint {
    fn encode(&self, out: &mut BytesMut) {
        put_number(out, self.id);
        put_varint(out, self.renewal);
        put_number(out, self.left_seconds);
    }

    fn decode(input: &mut Input) -> Result<Self, DecodeError> {
        let (id, renewal) = (input.number()?, input.varint()?);
        Ok(Self { id, renewal, left_seconds: input.number()? })
    }
}
