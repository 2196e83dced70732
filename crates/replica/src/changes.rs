//! The requests that concern the cluster itself: changes of the members, and transfers of
//! leadership.
//!
//! A change has worked when the entry that the leader appended for it is applied here; it came to
//! nothing if another entry is applied at its index. A transfer has worked when the target leads.

use std::collections::BTreeMap;

use raft::{Index, NodeId, Position, Ticket};

#[derive(Debug, Default)]
pub(crate) struct Changes {
    waiting: BTreeMap<Ticket, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    until: Until,
    deadline: u64,
}

#[derive(Debug)]
enum Until {
    /// The leader says where it appended the change.
    Appended,
    /// That entry is applied.
    Applied(Position),
    /// That member leads.
    Leads(NodeId),
}

impl Changes {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn insert_change(&mut self, ticket: Ticket, deadline: u64) {
        self.waiting.insert(ticket, Waiting { until: Until::Appended, deadline });
    }

    pub(crate) fn insert_transfer(&mut self, ticket: Ticket, to: NodeId, deadline: u64) {
        self.waiting.insert(ticket, Waiting { until: Until::Leads(to), deadline });
    }

    /// The leader appended the change there.
    pub(crate) fn appended(&mut self, ticket: Ticket, position: Position) {
        if let Some(waiting) = self.waiting.get_mut(&ticket) {
            waiting.until = Until::Applied(position);
        }
    }

    /// Takes out the changes that stand at or before what is applied.
    pub(crate) fn take_applied(&mut self, applied: Index) -> Vec<(Ticket, Position)> {
        let is_applied = |waiting: &Waiting| match waiting.until {
            Until::Applied(position) if position.index <= applied => Some(position),
            Until::Applied(_) | Until::Appended | Until::Leads(_) => None,
        };
        let done = self.waiting.iter();
        let done = done.filter_map(|(ticket, waiting)| Some((*ticket, is_applied(waiting)?)));
        let done = done.collect::<Vec<_>>();
        for (ticket, _) in &done {
            self.waiting.remove(ticket);
        }
        done
    }

    /// Takes out the transfers to a member that leads.
    pub(crate) fn take_transferred(&mut self, leader: NodeId) -> Vec<Ticket> {
        let done = self.waiting.extract_if(.., |_, waiting| match waiting.until {
            Until::Leads(to) => to == leader,
            Until::Appended | Until::Applied(_) => false,
        });
        done.map(|(ticket, _)| ticket).collect()
    }

    /// It failed. False if this member does not wait for it.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> bool {
        self.waiting.remove(&ticket).is_some()
    }

    /// Takes out the next request whose deadline has passed.
    pub(crate) fn pop_expired(&mut self, now: u64) -> Option<Ticket> {
        // Tickets and deadlines grow together.
        let (&ticket, first) = self.waiting.first_key_value()?;
        (first.deadline <= now && self.remove(ticket)).then_some(ticket)
    }
}
