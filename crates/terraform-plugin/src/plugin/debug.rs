//! `--debug`: a provider that Terraform finds by a variable instead of starting it, for work under a debugger.

use serde_json::json;

use super::handshake::PROTOCOL;

/// The setting, for a shell. `Test` keeps Terraform from ending this process.
pub(super) fn reattach(provider: &str, network: &str, address: &str, pid: u32) -> String {
    let json = json!({
        provider: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": pid,
            "Test": true,
            "Addr": { "Network": network, "String": address },
        }
    });
    format!("TF_REATTACH_PROVIDERS='{}'", json.to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_can_be_pasted_into_a_shell() {
        for (address, expected) in [("/tmp/s", r#""String":"/tmp/s""#), ("/tmp/it's/s", r#""String":"/tmp/it'\''s/s""#)]
        {
            let setting = reattach("example.com/a/b", "unix", address, 7);
            assert!(setting.starts_with(r#"TF_REATTACH_PROVIDERS='{"example.com/a/b":{"#), "{setting}");
            assert!(setting.ends_with("}}'"), "{setting}");
            for part in [expected, r#""Pid":7"#, r#""ProtocolVersion":6"#, r#""Test":true"#, r#""Network":"unix""#] {
                assert!(setting.contains(part), "{setting} has no {part}");
            }
        }
    }
}
