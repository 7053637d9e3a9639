//! Temporary credentials that expire while an apply waits.

use std::fs;
use std::time::Duration;

use tencentcloud_simulator::Outcome;

use super::no_keys;
use crate::harness::config::{PROVIDER, REGION, cache};
use crate::harness::run::wait_until;
use crate::harness::workspace::Workspace;

const LIFETIME: Duration = Duration::from_secs(4);

const ASSUME_ROLE: &str = "AssumeRoleWithWebIdentity";

#[test]
fn credentials_are_renewed_from_the_token_file_during_an_apply() {
    let mut workspace = Workspace::with_endless_builds();
    no_keys(&mut workspace);
    workspace.provider(&format!(
        "{PROVIDER}\n  assume_role_with_web_identity = {{\n    web_identity_token_file = \"~/token\"\n    \
         role_arn = \"qcs::cam::uin/100000000001:roleName/ci\"\n  }}"
    ));
    let token = workspace.path("home/token");
    let replace_token = |text: &str| {
        fs::write(&token, text).unwrap();
        workspace.cloud.accept_web_identity(Some(text));
    };
    let sessions = |token: &str| workspace.sent(ASSUME_ROLE).iter().filter(|b| b["WebIdentityToken"] == token).count();
    replace_token("first");
    workspace.cloud.set_session_lifetime(Some(LIFETIME));
    workspace.write(cache());
    let apply = workspace.start_apply();
    wait_until("a session is renewed during the wait", || {
        workspace.cloud.count("CreateImageCache") == 1 && sessions("first") > 1
    });
    replace_token("second");
    wait_until("a session is renewed with the new token", || sessions("second") > 0);
    let first = workspace.cloud.requests()[0].clone();
    wait_until("the first session has ended", || first.received.elapsed() > LIFETIME);
    let seen = workspace.cloud.count("DescribeImageCaches");
    workspace.wait_for_requests("DescribeImageCaches", seen + 2);
    workspace.cloud.finish_build(REGION, &workspace.cloud_cache().id);
    apply.wait().succeeds();

    assert_eq!(first.action, ASSUME_ROLE);
    let requests = workspace.cloud.requests();
    let signed = requests.iter().filter(|request| request.action != ASSUME_ROLE);
    signed.for_each(|request| assert_eq!(request.outcome, Outcome::Responded, "{}", request.action));
    workspace.cloud.set_session_lifetime(None);
    workspace.destroy();
}

#[test]
fn revoked_session_is_renewed_during_an_apply() {
    let mut workspace = Workspace::with_endless_builds();
    no_keys(&mut workspace);
    workspace.provider(&format!(
        "{PROVIDER}\n  assume_role_with_web_identity = {{\n    web_identity_token = \"token\"\n    \
         role_arn = \"qcs::cam::uin/100000000001:roleName/ci\"\n  }}"
    ));
    workspace.write(cache());
    let apply = workspace.start_apply();
    workspace.wait_for_requests("DescribeImageCaches", 3);
    let before = workspace.cloud.count(ASSUME_ROLE);
    workspace.cloud.expire_sessions();
    wait_until("the session is created again", || workspace.cloud.count(ASSUME_ROLE) == before + 1);
    let seen = workspace.cloud.count("DescribeImageCaches");
    workspace.wait_for_requests("DescribeImageCaches", seen + 2);
    workspace.cloud.finish_build(REGION, &workspace.cloud_cache().id);
    apply.wait().succeeds();

    let requests = workspace.cloud.requests();
    let refused: Vec<_> = requests.iter().filter(|request| request.outcome != Outcome::Responded).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    workspace.destroy();
}
