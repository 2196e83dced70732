//! `quorate get`.

use clap::{Args, ValueEnum};
use etcdpb::etcdserverpb::range_request::{SortOrder, SortTarget};
use etcdpb::etcdserverpb::{RangeRequest, RangeResponse};

use super::endpoints::{Endpoints, kv_client};
use super::keys::Keys;
use super::output::{Format, print};
use super::simple;
use super::usage::Failure;

/// The arguments of `get`.
#[derive(Args)]
pub(crate) struct Get {
    #[command(flatten)]
    keys: Keys,
    /// How many keys to print at most; 0 for all
    #[arg(long, default_value_t = 0)]
    limit: i64,
    /// The revision to read at; 0 for the newest
    #[arg(long, default_value_t = 0)]
    rev: i64,
    /// Which way to sort
    #[arg(long, ignore_case = true)]
    order: Option<Order>,
    /// What to sort by
    #[arg(long, ignore_case = true, default_value = "KEY", hide_default_value = true)]
    sort_by: SortBy,
    /// Leave the values out
    #[arg(long, conflicts_with = "count_only")]
    keys_only: bool,
    /// Print how many keys there are, and nothing else
    #[arg(long)]
    count_only: bool,
    /// Print only values, not keys; with --output simple
    #[arg(long)]
    print_value_only: bool,
    /// l: what is committed now; s: what this server knows, which may be less
    #[arg(long, default_value = "l")]
    consistency: Consistency,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
enum Order {
    Ascend,
    Descend,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
enum SortBy {
    Create,
    Key,
    Modify,
    Value,
    Version,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Consistency {
    #[value(name = "l")]
    Linearizable,
    #[value(name = "s")]
    Serializable,
}

impl Get {
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        let (count_only, values_only) = (self.count_only, self.print_value_only);
        if values_only && format != Format::Simple {
            let line = "--print-value-only goes only with --output simple";
            return Err(Failure::Usage(line.to_owned()));
        }
        let request = self.into_request();
        let answer: RangeResponse =
            endpoints.read(async |channel| kv_client(channel).range(request.clone()).await).await?;
        match format {
            Format::Simple if count_only => print(format!("{}\n", answer.count).as_bytes()),
            Format::Simple if values_only => print(&simple::values(&answer.kvs)),
            _ => format.print_any(&answer),
        }
    }

    pub(crate) fn into_request(self) -> RangeRequest {
        let (key, range_end) = self.keys.into_range();
        let order = match self.order {
            None => SortOrder::None,
            Some(Order::Ascend) => SortOrder::Ascend,
            Some(Order::Descend) => SortOrder::Descend,
        };
        let target = match self.sort_by {
            SortBy::Create => SortTarget::Create,
            SortBy::Key => SortTarget::Key,
            SortBy::Modify => SortTarget::Mod,
            SortBy::Value => SortTarget::Value,
            SortBy::Version => SortTarget::Version,
        };
        RangeRequest {
            key,
            range_end,
            limit: self.limit,
            revision: self.rev,
            sort_order: order.into(),
            sort_target: target.into(),
            serializable: self.consistency == Consistency::Serializable,
            keys_only: self.keys_only,
            count_only: self.count_only,
            ..RangeRequest::default()
        }
    }
}
