//! `--debug`: serves without being started by Terraform, which attaches by an environment variable. For debuggers.

use serde_json::{Map, json};

use super::handshake::PROTOCOL;

/// The registry hosts of Terraform and of OpenTofu.
const HOSTS: [&str; 2] = ["registry.terraform.io/", "registry.opentofu.org/"];

/// The variable that makes Terraform or OpenTofu attach to this process, as commands for three shells.
///
/// `provider` is its address; an address in Terraform's registry is also used for OpenTofu's.
pub(super) fn instructions(provider: &str, network: &str, address: &str, pid: u32) -> String {
    let json = reattach(provider, network, address, pid);
    format!(
        "Serving until Ctrl-C. To attach Terraform or OpenTofu, set this variable in its environment.\n\n\
         POSIX shells:\n\nexport TF_REATTACH_PROVIDERS='{}'\n\n\
         PowerShell:\n\n$env:TF_REATTACH_PROVIDERS='{}'\n\n\
         Command Prompt:\n\nset \"TF_REATTACH_PROVIDERS={json}\"\n",
        json.replace('\'', r"'\''"),
        json.replace('\'', "''"),
    )
}

/// The value of the variable. `Test` keeps Terraform from ending this process.
fn reattach(provider: &str, network: &str, address: &str, pid: u32) -> String {
    let config = json!({
        "Protocol": "grpc",
        "ProtocolVersion": PROTOCOL,
        "Pid": pid,
        "Test": true,
        "Addr": { "Network": network, "String": address },
    });
    let addresses = match provider.strip_prefix(HOSTS[0]) {
        Some(name) => HOSTS.map(|host| format!("{host}{name}")).to_vec(),
        None => vec![provider.to_owned()],
    };
    let mut providers = Map::new();
    for address in addresses {
        providers.insert(address, config.clone());
    }
    json!(providers).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn value_names_terraform_and_opentofu() {
        for (provider, expected) in [
            ("registry.terraform.io/a/b", &["registry.opentofu.org/a/b", "registry.terraform.io/a/b"][..]),
            ("example.com/a/b", &["example.com/a/b"]),
        ] {
            let value: Map<String, Value> = serde_json::from_str(&reattach(provider, "unix", "/tmp/s", 7)).unwrap();
            assert_eq!(value.keys().collect::<Vec<_>>(), expected);
            for config in value.values() {
                let address = json!({ "Network": "unix", "String": "/tmp/s" });
                let all = json!({ "Protocol": "grpc", "ProtocolVersion": 6, "Pid": 7, "Test": true, "Addr": address });
                assert_eq!(*config, all);
            }
        }
    }

    #[test]
    fn commands_quoted_for_each_shell() {
        let text = instructions("example.com/a/b", "unix", "/tmp/it's/s", 7);
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
        let posix = line("export TF_REATTACH_PROVIDERS='{\"example.com/a/b\":");
        assert!(posix.contains(r"/tmp/it'\''s/s") && posix.ends_with("}}'"), "{posix}");
        let power_shell = line("$env:TF_REATTACH_PROVIDERS='{\"example.com/a/b\":");
        assert!(power_shell.contains("/tmp/it''s/s") && power_shell.ends_with("}}'"), "{power_shell}");
        let command_prompt = line("set \"TF_REATTACH_PROVIDERS={\"example.com/a/b\":");
        assert!(command_prompt.contains("/tmp/it's/s") && command_prompt.ends_with("}}\""), "{command_prompt}");
    }
}
