use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        content::ContentKind,
        email::EmailAddress,
        explore_set::ContentHash,
        id::{
            AttributeId, CommentId, CompileJobId, ContentId, CredentialsId, DeployId, GroupId,
            NotificationId, OrganizationId, PaletteId, ProjectId, QueryId, SpaceId, TokenId,
            WorkId,
        },
    },
    random::Random,
};

#[test]
fn every_key() {
    let random = Random::seeded(1);
    let (user_id, org) = (UserId::new(&random), OrganizationId::new(&random));
    let (group_id, project_id) = (GroupId::new(&random), ProjectId::new(&random));
    let space_id = SpaceId::new(&random);
    let address = EmailAddress::parse("ana@example.com").unwrap();
    let at = Timestamp::from_millis(600_000);
    let counter = Counter {
        action: "LOGIN_PAIR",
        subject: "ana@example.com 192.0.2.1".into(),
        start: at,
        ends: at,
        most: 1,
    };
    let keys = [
        instance(),
        instance_keys(),
        user(user_id),
        email(&address),
        identity("https://id.example", "a#b"),
        password(user_id),
        otp(user_id),
        token(user_id, TokenId::new(&random)),
        credentials(user_id, CredentialsId::new(&random)),
        session("5e55"),
        token_owner("70ce"),
        link("114c"),
        invitation_link("114c"),
        organization(org),
        counts(org),
        allowed_domains(org),
        onboarding(org),
        palette(org, PaletteId::new(&random)),
        member(org, &address, user_id),
        admin(org, user_id),
        invitation(org, user_id),
        attribute(org, AttributeId::new(&random)),
        attribute_name(org, "region"),
        group_row(org, group_id),
        group_name(org, "Sales #1"),
        project_row(org, project_id),
        ssh_key(org, "SHA256:abc"),
        group(group_id),
        group_member(group_id, user_id),
        group_project(group_id, project_id),
        group_space(group_id, project_id, space_id),
        granted_project(user_id, project_id),
        granted_space(user_id, project_id, space_id),
        owned_group(user_id, group_id),
        owned_project(user_id, project_id),
        project(project_id),
        warehouse(project_id),
        dbt(project_id),
        table_selection(project_id),
        explores(project_id),
        explore_set(project_id, 12),
        explore_shard(project_id, &ContentHash::of(b"")),
        explore_body(project_id, &ContentHash::of(b"")),
        explore_part(project_id, &ContentHash::of(b""), 1),
        deploy(DeployId::new(&Random::seeded(2))),
        deploy_batch(DeployId::new(&Random::seeded(2)), 7),
        semantic_layer(project_id),
        tags(project_id),
        project_member(project_id, user_id),
        project_group(project_id, group_id),
        preview(project_id, ProjectId::new(&random)),
        space(project_id, space_id),
        slug(project_id, "space", "sales"),
        space_path(project_id, None, "sales"),
        space_path(project_id, Some(space_id), "q_1"),
        notification(user_id, NotificationId::new(&random)),
        share_link("V1StGXR8_Z5jdHi6B-myT"),
        job(JobId::new(&random)),
        domain("example.com", org),
        limit(&counter),
        idempotency(user_id, ("token", "retry 1")),
        preference(user_id, project_id),
        preferrer(project_id, user_id),
        compilation(project_id, CompileJobId::new(&random)),
        compile_job(CompileJobId::new(&random)),
        query(QueryId::new(&random)),
        cached_rows(project_id, "5e55"),
        catalogue(project_id, "1091"),
        host_key(project_id, "c0de"),
        content_shard(project_id, 3),
        pins(project_id),
        spotlight(project_id),
        validation(project_id),
        content(ContentKind::Chart, ContentId::new(&random)),
        content(ContentKind::SqlChart, ContentId::new(&random)),
        version(ContentKind::Dashboard, ContentId::new(&random), 42),
        comment(ContentId::new(&random), CommentId::new(&random)),
        views(ContentKind::Chart, ContentId::new(&random)),
        work(WorkId::new(&random)),
        work_of(project_id, WorkId::first_of(project_id)),
        activity(project_id, "2026-01-05", user_id),
        dashboard_activity(project_id, "2026-01-05", user_id, ContentId::new(&random)),
        validation_piece(project_id, WorkId::new(&Random::seeded(2)), 1),
        work_piece(WorkId::new(&Random::seeded(2)), 1),
    ];
    let table: String = keys
        .iter()
        .map(|key| format!("{} | {}\n", key.pk, key.sk))
        .collect();
    insta::assert_snapshot!(table);
}

proptest! {
    #[test]
    fn different_texts_give_different_keys(a in "\\PC{0,300}", b in "\\PC{0,300}", c in "\\PC{0,30}", d in "\\PC{0,30}") {
        prop_assert_eq!(a == b, text(&a) == text(&b));
        prop_assert_eq!((&a, &c) == (&b, &d), identity(&a, &c) == identity(&b, &d));
    }

    #[test]
    fn no_key_is_longer_than_a_thousand_bytes(a in "\\PC{0,2000}", b in "\\PC{0,2000}") {
        prop_assert!(identity(&a, &b).pk.len() <= 1000 && domain_partition(&a).len() <= 1000);
    }
}
