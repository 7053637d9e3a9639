//! The signature, with throw-away keys.

use std::fs;
use std::path::Path;
use std::process::Output;

use release::VERSION;
use tempfile::TempDir;

use crate::{LINUX, Release, check, fails, succeeds};

/// A throw-away keyring of gpg, with one key.
struct Keyring(TempDir);

impl Keyring {
    /// The primary key of `algorithm` can sign.
    fn with(algorithm: &str, passphrase: &str) -> Self {
        let keyring = Self(tempfile::tempdir().unwrap());
        keyring.edit(passphrase, &["--quick-generate-key", "Release <release@example.com>", algorithm, "sign"]);
        keyring
    }

    /// Adds a subkey that can sign.
    fn add_subkey(&self, algorithm: &str) {
        self.edit("", &["--quick-add-key", &self.fingerprints()[0], algorithm, "sign"]);
    }

    fn edit(&self, passphrase: &str, arguments: &[&str]) {
        let batch = ["--batch", "--pinentry-mode", "loopback", "--passphrase", passphrase];
        succeeds(&self.gpg(&[&batch, arguments].concat(), Path::new(".")));
    }

    /// The fingerprints of the primary key and its subkeys.
    fn fingerprints(&self) -> Vec<String> {
        let keys = self.gpg(&["--batch", "--with-colons", "--list-secret-keys"], Path::new("."));
        let keys = String::from_utf8(keys.stdout).unwrap();
        keys.lines().filter_map(|line| line.strip_prefix("fpr:")).map(|line| line.replace(':', "")).collect()
    }

    fn home(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    fn gpg(&self, arguments: &[&str], directory: &Path) -> Output {
        check("gpg", &[&["--homedir", self.home()], arguments].concat(), directory)
    }

    /// Completes `release` and signs it with `key`; may fail.
    fn sign(&self, release: &Release, key: &str) -> Output {
        release.run(&["--sums-only"], &[("GNUPGHOME", self.home()), ("GPG_FINGERPRINT", key)])
    }

    #[track_caller]
    fn verifies(&self, release: &Release) {
        let sums = format!("terraform-provider-eks_{VERSION}_SHA256SUMS");
        succeeds(&self.gpg(&["--verify", &format!("{sums}.sig"), &sums], &release.out()));
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        let _ = check("gpgconf", &["--homedir", self.home(), "--kill", "all"], Path::new("."));
    }
}

#[test]
fn signature_verified_by_gpg() {
    for passphrase in ["", "open sesame"] {
        let keyring = Keyring::with("rsa2048", passphrase);
        let environment =
            [("GNUPGHOME", keyring.home()), ("GPG_FINGERPRINT", "release@example.com"), ("GPG_PASSPHRASE", passphrase)];
        let release = Release::new();
        release.pack(LINUX, &environment);
        assert_ne!(release.files()["SHA256SUMS.sig"][0], b'-', "the Registry does not accept ASCII armor");
        keyring.verifies(&release);

        let sums = format!("terraform-provider-eks_{VERSION}_SHA256SUMS");
        fs::write(release.out().join(&sums), "other checksums").unwrap();
        let verify = ["--verify", &format!("{sums}.sig"), &sums];
        assert!(!keyring.gpg(&verify, &release.out()).status.success());
    }
}

#[test]
fn signature_of_earlier_checksums_removed() {
    let keyring = Keyring::with("rsa2048", "");
    let release = Release::new();
    release.pack(LINUX, &[("GNUPGHOME", keyring.home()), ("GPG_FINGERPRINT", "release@example.com")]);
    assert!(release.files().contains_key("SHA256SUMS.sig"));
    succeeds(&release.run(&["--sums-only"], &[]));
    assert!(!release.files().contains_key("SHA256SUMS.sig"));
}

#[test]
fn signature_refused_unless_rsa_or_dsa() {
    let release = Release::new();
    release.pack(LINUX, &[]);
    for (algorithm, named) in [("ed25519", "is EdDSA"), ("nistp256", "is ECDSA")] {
        let keyring = Keyring::with(algorithm, "");
        fails(&keyring.sign(&release, "release@example.com"), named);
        assert!(!release.files().contains_key("SHA256SUMS.sig"), "{algorithm}");
    }
    let keyring = Keyring::with("dsa2048", "");
    succeeds(&keyring.sign(&release, "release@example.com"));
    keyring.verifies(&release);
}

/// gpg signs with the subkey, whichever of the two is named, unless the fingerprint ends in an exclamation mark.
#[test]
fn signature_refused_from_subkey() {
    let release = Release::new();
    release.pack(LINUX, &[]);
    let keyring = Keyring::with("rsa2048", "");
    keyring.add_subkey("ed25519");
    let [primary, subkey] = &keyring.fingerprints()[..] else { panic!("{:?}", keyring.fingerprints()) };
    for key in ["release@example.com", primary, subkey, &format!("{subkey}!")] {
        fails(&keyring.sign(&release, key), &format!("The signature by {subkey} is EdDSA"));
        assert!(!release.files().contains_key("SHA256SUMS.sig"), "{key}");
    }
    succeeds(&keyring.sign(&release, &format!("{primary}!")));
    keyring.verifies(&release);
}

#[test]
fn signing_key_missing() {
    let keyring = Keyring::with("rsa2048", "");
    let release = Release::new();
    release.pack(LINUX, &[]);
    fails(&keyring.sign(&release, "other@example.com"), "gpg did not sign with the key other@example.com");
    assert!(!release.files().contains_key("SHA256SUMS.sig"));
}

/// As the workflow signs: after the files came from another job.
#[test]
fn signing_script_checks_files() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("sign.sh");
    let keyring = Keyring::with("rsa2048", "");
    let release = Release::new();
    release.pack(LINUX, &[]);
    let sign = || {
        let mut command = std::process::Command::new(&script);
        command.arg(release.path("SHA256SUMS")).env("GNUPGHOME", keyring.home());
        command.env("GPG_FINGERPRINT", "release@example.com").output().unwrap()
    };
    succeeds(&sign());
    keyring.verifies(&release);

    fs::remove_file(release.path("SHA256SUMS.sig")).unwrap();
    fs::write(release.path("linux_amd64.zip"), "another").unwrap();
    fails(&sign(), "did NOT match");
    assert!(!release.files().contains_key("SHA256SUMS.sig"));
}
