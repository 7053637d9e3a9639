//! The roles of the instance metadata service: `/latest/meta-data/cam/security-credentials/`.
//!
//! Documentation: <https://cloud.tencent.com/document/product/213/4934>.

use jiff::Timestamp;

use crate::recorder::Outcome;
use crate::reply::Reply;
use crate::sessions::Identity;
use crate::state::World;

/// The action of its requests, for records and faults.
pub(crate) const ACTION: &str = "metadata";

/// The path of the role's name; the role's credentials are below it.
pub(crate) const PATH: &str = "/latest/meta-data/cam/security-credentials/";

/// Lifetime of the credentials, in seconds.
const LIFETIME: u64 = 7_200;

/// The response to a GET of [`PATH`] and `name`: the role's name if `name` is empty, credentials if it is the role's name.
pub(crate) fn respond(world: &mut World, name: &str, now: Timestamp) -> (Reply, Outcome) {
    match world.sts.instance_role.clone() {
        Some(role) if name.is_empty() => {
            (Reply { status: 200, content_type: "text/plain", body: role.into() }, Outcome::Responded)
        }
        Some(role) if name == role => {
            let account = world.keys.first().map_or("", |key| &key.account_id).to_owned();
            let identity = Identity::of_role(&account, &role, "instance", &account);
            (Reply::json(200, &world.issue(identity, LIFETIME, now).metadata()), Outcome::Responded)
        }
        _ => (Reply::html(404, "Not Found"), Outcome::Refused("404".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn only_the_bound_role_has_credentials() {
        let mut world = World::new(&Settings::default());
        let mut get = |role: Option<&str>, name: &str| {
            world.sts.instance_role = role.map(str::to_owned);
            let (reply, _) = respond(&mut world, name, Timestamp::now());
            (reply.status, reply.body.into_owned())
        };
        assert_eq!(get(None, "").0, 404);
        assert_eq!(get(Some("builder"), ""), (200, "builder".to_owned()));
        assert_eq!(get(Some("builder"), "other").0, 404);
        let (status, body) = get(Some("builder"), "builder");
        assert!(status == 200 && body.contains(r#""Code":"Success""#), "{body}");
    }
}
