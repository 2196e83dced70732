//! `quorate member`: who belongs to the cluster, and how that changes. The words, and what is
//! printed, are `etcdctl`'s.

use clap::{Args, Subcommand};
use etcdpb::etcdserverpb::cluster_client::ClusterClient;
use etcdpb::etcdserverpb::{
    MemberAddRequest, MemberAddResponse, MemberListRequest, MemberListResponse,
    MemberPromoteRequest, MemberPromoteResponse, MemberRemoveRequest, MemberRemoveResponse,
    MemberUpdateRequest, MemberUpdateResponse,
};

use super::endpoints::Endpoints;
use super::move_leader::MoveLeader;
use super::output::{self, Format};
use super::usage::Failure;

/// What to do with the members.
#[derive(Args)]
pub(crate) struct Member {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Add a member, and print how to start it
    Add(Add),
    /// Remove a member for ever
    Remove(Id),
    /// Tell the others where a member is reached from now on
    Update(Update),
    /// Let a learner vote
    Promote(Id),
    /// List the members of the cluster
    List(List),
    /// Hand leadership to another member
    Transfer(MoveLeader),
}

/// `members`, and `member list`, have no arguments.
#[derive(Args)]
pub(crate) struct List {}

#[derive(Args)]
struct Add {
    /// What the new member is called
    name: String,
    /// Where the other members reach it
    #[arg(long, value_delimiter = ',', required = true)]
    peer_urls: Vec<String>,
    /// It only learns at first, and does not vote
    #[arg(long)]
    learner: bool,
}

#[derive(Args)]
struct Update {
    #[command(flatten)]
    id: Id,
    /// Where the other members reach it
    #[arg(long, value_delimiter = ',', required = true)]
    peer_urls: Vec<String>,
}

#[derive(Args)]
struct Id {
    /// The member, in hexadecimal, as `member list` prints it
    #[arg(value_name = "MEMBER", value_parser = parse_id)]
    id: u64,
}

/// An answer, and the member that it is about, which not every answer says.
pub(crate) struct About<R> {
    pub(crate) member: u64,
    pub(crate) answer: R,
}

impl Member {
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        match self.action {
            Action::Add(add) => add.run(endpoints, format).await,
            Action::Remove(id) => format.print(&id.remove(endpoints).await?),
            Action::Update(update) => format.print(&update.run(endpoints).await?),
            Action::Promote(id) => format.print(&id.promote(endpoints).await?),
            Action::List(list) => format.print_any(&list.run(endpoints).await?),
            Action::Transfer(transfer) => transfer.run(endpoints).await,
        }
    }
}

impl List {
    pub(crate) async fn run(self, endpoints: &Endpoints) -> Result<MemberListResponse, Failure> {
        let request = MemberListRequest { linearizable: true };
        endpoints.read(async |channel| ClusterClient::new(channel).member_list(request).await).await
    }
}

impl Add {
    /// The lines that it prints after the answer are the environment of the new member.
    async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        let (peer_urls, is_learner) = (self.peer_urls.clone(), self.learner);
        let request = MemberAddRequest { peer_urls, is_learner };
        let answer = endpoints
            .write(async |channel| ClusterClient::new(channel).member_add(request.clone()).await)
            .await?;
        format.print(&answer)?;
        if format == Format::Simple { output::print(&self.environment(&answer)) } else { Ok(()) }
    }

    fn environment(&self, answer: &MemberAddResponse) -> Vec<u8> {
        let own = answer.member.as_ref().map(|member| member.id);
        let parts = answer.members.iter().flat_map(|member| {
            let name = if Some(member.id) == own { &self.name } else { &member.name };
            member.peer_urls.iter().map(move |url| format!("{name}={url}"))
        });
        let initial_cluster = parts.collect::<Vec<_>>().join(",");
        let urls = self.peer_urls.join(",");
        format!(
            "\nETCD_NAME={:?}\nETCD_INITIAL_CLUSTER={initial_cluster:?}\n\
             ETCD_INITIAL_ADVERTISE_PEER_URLS={urls:?}\n\
             ETCD_INITIAL_CLUSTER_STATE=\"existing\"\n",
            self.name
        )
        .into_bytes()
    }
}

impl Update {
    async fn run(self, endpoints: &Endpoints) -> Result<About<MemberUpdateResponse>, Failure> {
        let Self { id: Id { id }, peer_urls } = self;
        let request = MemberUpdateRequest { id, peer_urls };
        let answer = endpoints
            .write(async |channel| ClusterClient::new(channel).member_update(request.clone()).await)
            .await?;
        Ok(About { member: id, answer })
    }
}

impl Id {
    async fn remove(self, endpoints: &Endpoints) -> Result<About<MemberRemoveResponse>, Failure> {
        let request = MemberRemoveRequest { id: self.id };
        let answer = endpoints
            .write(async |channel| ClusterClient::new(channel).member_remove(request).await)
            .await?;
        Ok(About { member: self.id, answer })
    }

    async fn promote(self, endpoints: &Endpoints) -> Result<About<MemberPromoteResponse>, Failure> {
        let request = MemberPromoteRequest { id: self.id };
        let answer = endpoints
            .write(async |channel| ClusterClient::new(channel).member_promote(request).await)
            .await?;
        Ok(About { member: self.id, answer })
    }
}

/// Reads a member's number, in hexadecimal.
pub(crate) fn parse_id(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text, 16)
        .map_err(|_| format!("bad member ID arg ({text:?}), expecting ID in Hex"))
}
