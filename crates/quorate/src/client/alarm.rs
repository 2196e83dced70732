//! `quorate alarm`: the alarms of the members.

use clap::{Args, Subcommand};
use etcdpb::etcdserverpb::alarm_request::AlarmAction;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use etcdpb::etcdserverpb::{AlarmMember, AlarmRequest, AlarmResponse};

use super::endpoints::Endpoints;
use super::output::Format;
use super::simple::{Simple, line};
use super::usage::Failure;

/// What to do with alarms.
#[derive(Args)]
pub(crate) struct Alarm {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List all alarms
    List,
    /// Disarm all alarms
    Disarm,
}

impl Alarm {
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        match self.action {
            Action::List => format.print(&all(endpoints).await?),
            Action::Disarm => format.print(&disarm(endpoints).await?),
        }
    }
}

/// The alarms that are raised.
pub(crate) async fn all(endpoints: &Endpoints) -> Result<AlarmResponse, Failure> {
    let request = AlarmRequest { action: AlarmAction::Get.into(), ..AlarmRequest::default() };
    endpoints.read(async |channel| MaintenanceClient::new(channel).alarm(request).await).await
}

/// Disarms them one by one. As in `etcdctl`, the answer has no header.
async fn disarm(endpoints: &Endpoints) -> Result<AlarmResponse, Failure> {
    let mut disarmed = AlarmResponse::default();
    for AlarmMember { member_id, alarm } in all(endpoints).await?.alarms {
        let action = AlarmAction::Deactivate.into();
        let request = AlarmRequest { action, member_id, alarm };
        let call = async |channel| MaintenanceClient::new(channel).alarm(request).await;
        disarmed.alarms.extend(endpoints.write(call).await?.alarms);
    }
    Ok(disarmed)
}

impl Simple for AlarmResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        for alarm in &self.alarms {
            line(out, text(alarm).as_bytes());
        }
    }
}

/// An alarm as Go prints the message, down to the last space.
fn text(alarm: &AlarmMember) -> String {
    format!("memberID:{} alarm:{} ", alarm.member_id, alarm.alarm().as_str_name())
}
