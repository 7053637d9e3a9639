// Package eks tests the provider with HashiCorp's framework for acceptance tests, as other providers are tested.
//
// The provider is the one of this repository, installed by `terraform init` from a mirror in the file system, and the cloud is
// the simulator that the Rust tests use. `.ci/ecosystem` builds both and runs the tests.
package eks

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// providers names the provider under test; it comes from the mirror that TF_CLI_CONFIG_FILE names.
var providers = map[string]resource.ExternalProvider{"eks": {Source: "supernode/eks"}}

// cloud starts a simulator of the Tencent Cloud API with these options, and points the provider at it.
func cloud(t *testing.T, options ...string) {
	t.Helper()
	program := os.Getenv("SIMULATOR")
	if program == "" {
		t.Fatal("SIMULATOR is not set: run .ci/ecosystem")
	}
	simulator := exec.Command(program, append([]string{"--build-time", "200ms"}, options...)...)
	simulator.Stderr = os.Stderr
	output, err := simulator.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := simulator.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = simulator.Process.Kill()
		_ = simulator.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	endpoint, found := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !found {
		t.Fatalf("the simulator did not report its address: %q, %v", line, err)
	}
	t.Setenv("TENCENTCLOUD_ENDPOINT_URL", endpoint)
	t.Setenv("TENCENTCLOUD_SECRET_ID", "AKIDSIMULATOR")
	t.Setenv("TENCENTCLOUD_SECRET_KEY", "simulator-secret-key")
	t.Setenv("TENCENTCLOUD_REGION", "ap-guangzhou")
}

// provider is the provider block; polls are short, because builds are.
const provider = `
provider "eks" {
  poll_interval = "200ms"
}
`

// cache is a configuration with one image cache and these further arguments.
func cache(arguments ...string) string {
	return fmt.Sprintf(`%s
resource "eks_image_cache" "test" {
  images           = ["nginx:1.27"]
  image_cache_size = 60
  vpc_id           = "vpc-1a2b3c4d"
  subnet_id        = "subnet-1a2b3c4d"
  %s
}
`, provider, strings.Join(arguments, "\n  "))
}
