//! What each method needs, while users matter.

/// What a method needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing.
    Nothing,
    /// A user, whoever it is.
    User,
    /// A user with permissions for the keys that the request is about, which the service looks at.
    Keys,
    /// The same, but that etcd has no codes for what it refuses here: these services are clients of
    /// their own server, and pass on the text only.
    QueueKeys,
    /// The same, looked at for each watcher: a stream without a user is told so in etcd's way.
    Watch,
    /// A user with the role `root`.
    Admin,
}

/// Every method that is served. One that is missing needs an administrator.
const TABLE: &[(&str, Need)] = &[
    ("etcdserverpb.KV/Range", Need::Keys),
    ("etcdserverpb.KV/RangeStream", Need::Keys),
    ("etcdserverpb.KV/Put", Need::Keys),
    ("etcdserverpb.KV/DeleteRange", Need::Keys),
    ("etcdserverpb.KV/Txn", Need::Keys),
    ("etcdserverpb.KV/Compact", Need::Admin),
    ("etcdserverpb.Watch/Watch", Need::Watch),
    ("etcdserverpb.Lease/LeaseGrant", Need::User),
    ("etcdserverpb.Lease/LeaseRevoke", Need::Keys),
    ("etcdserverpb.Lease/LeaseKeepAlive", Need::Keys),
    ("etcdserverpb.Lease/LeaseTimeToLive", Need::Keys),
    ("etcdserverpb.Lease/LeaseLeases", Need::User),
    ("etcdserverpb.Cluster/MemberAdd", Need::Admin),
    ("etcdserverpb.Cluster/MemberRemove", Need::Admin),
    ("etcdserverpb.Cluster/MemberUpdate", Need::Admin),
    ("etcdserverpb.Cluster/MemberList", Need::User),
    ("etcdserverpb.Cluster/MemberPromote", Need::Admin),
    ("etcdserverpb.Maintenance/Alarm", Need::User),
    ("etcdserverpb.Maintenance/Status", Need::User),
    ("etcdserverpb.Maintenance/Defragment", Need::Admin),
    ("etcdserverpb.Maintenance/Hash", Need::Admin),
    ("etcdserverpb.Maintenance/HashKV", Need::Admin),
    ("etcdserverpb.Maintenance/Snapshot", Need::Admin),
    ("etcdserverpb.Maintenance/MoveLeader", Need::Admin),
    ("etcdserverpb.Maintenance/Downgrade", Need::Admin),
    ("etcdserverpb.Auth/AuthEnable", Need::Admin),
    ("etcdserverpb.Auth/AuthDisable", Need::Admin),
    ("etcdserverpb.Auth/AuthStatus", Need::Nothing),
    ("etcdserverpb.Auth/Authenticate", Need::Nothing),
    ("etcdserverpb.Auth/UserAdd", Need::Admin),
    // Of itself, any user; the service looks.
    ("etcdserverpb.Auth/UserGet", Need::User),
    ("etcdserverpb.Auth/UserList", Need::Admin),
    ("etcdserverpb.Auth/UserDelete", Need::Admin),
    ("etcdserverpb.Auth/UserChangePassword", Need::Admin),
    ("etcdserverpb.Auth/UserGrantRole", Need::Admin),
    ("etcdserverpb.Auth/UserRevokeRole", Need::Admin),
    ("etcdserverpb.Auth/RoleAdd", Need::Admin),
    // Of its own roles, any user; the service looks.
    ("etcdserverpb.Auth/RoleGet", Need::User),
    ("etcdserverpb.Auth/RoleList", Need::Admin),
    ("etcdserverpb.Auth/RoleDelete", Need::Admin),
    ("etcdserverpb.Auth/RoleGrantPermission", Need::Admin),
    ("etcdserverpb.Auth/RoleRevokePermission", Need::Admin),
    ("v3electionpb.Election/Campaign", Need::QueueKeys),
    ("v3electionpb.Election/Proclaim", Need::QueueKeys),
    ("v3electionpb.Election/Leader", Need::QueueKeys),
    ("v3electionpb.Election/Observe", Need::QueueKeys),
    ("v3electionpb.Election/Resign", Need::QueueKeys),
    ("v3lockpb.Lock/Lock", Need::QueueKeys),
    ("v3lockpb.Lock/Unlock", Need::QueueKeys),
    ("grpc.health.v1.Health/Check", Need::Nothing),
    ("grpc.health.v1.Health/Watch", Need::Nothing),
];

/// What the method at that path needs.
pub(super) fn need_of(path: &str) -> Need {
    known(path.trim_start_matches('/')).unwrap_or(Need::Admin)
}

fn known(method: &str) -> Option<Need> {
    TABLE.iter().find(|(name, _)| *name == method).map(|(_, need)| *need)
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;

    /// Whoever adds a method has to say here what it needs.
    #[test]
    fn every_method_is_in_the_table() {
        let pool = DescriptorPool::decode(etcdpb::DESCRIPTORS).unwrap();
        let mut methods = Vec::new();
        for service in pool.services() {
            let name = service.full_name().to_owned();
            methods.extend(service.methods().map(|method| format!("{name}/{}", method.name())));
        }
        let missing: Vec<_> = methods.iter().filter(|method| known(method).is_none()).collect();
        assert!(missing.is_empty(), "only administrators can call {missing:?}");
        assert_eq!(methods.len(), TABLE.len(), "the table has what is not there");
    }

    #[test]
    fn what_is_not_known_is_for_administrators() {
        assert_eq!(need_of("/etcdserverpb.KV/Explode"), Need::Admin);
        assert_eq!(need_of("/etcdserverpb.KV/Range/"), Need::Admin);
        assert_eq!(need_of("/etcdserverpb.KV/Range"), Need::Keys);
    }
}
