package eks

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

func TestDataSources(t *testing.T) {
	cloud(t)
	same := func(data string, path tfjsonpath.Path) statecheck.StateCheck {
		return statecheck.CompareValuePairs(data, path, address, tfjsonpath.New("id"), compare.ValuesSame())
	}
	resource.Test(t, resource.TestCase{
		ExternalProviders: providers,
		Steps: []resource.TestStep{
			{
				Config: cache() + `
data "eks_image_cache" "test" {
  id = eks_image_cache.test.id
}

data "eks_image_caches" "test" {
  status     = "Ready"
  depends_on = [eks_image_cache.test]
}

data "eks_suitable_image_cache" "test" {
  images     = ["nginx:1.27"]
  depends_on = [eks_image_cache.test]
}

data "eks_pod_disk" "test" {
  image_cache = eks_image_cache.test.id
  size        = 100
}
`,
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				ConfigStateChecks: []statecheck.StateCheck{
					same("data.eks_image_cache.test", tfjsonpath.New("id")),
					same("data.eks_image_caches.test", tfjsonpath.New("image_caches").AtSliceIndex(0).AtMapKey("id")),
					same("data.eks_suitable_image_cache.test", tfjsonpath.New("image_cache").AtMapKey("id")),
					statecheck.ExpectKnownValue("data.eks_pod_disk.test", tfjsonpath.New("disk_size"), knownvalue.Int64Exact(100)),
				},
			},
		},
	})
}

func TestFunctions(t *testing.T) {
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		ExternalProviders:      providers,
		Steps: []resource.TestStep{
			{
				Config: `
output "image" {
  value = provider::eks::parse_image("not an image")
}
`,
				ExpectError: regexp.MustCompile(`(?s)Invalid value for "reference" parameter.*"not an image"`),
			},
			{
				Config: `
output "image" {
  value = provider::eks::parse_image("nginx")
}

output "pinned" {
  value = provider::eks::image_cache_annotations("imc-1a2b3c4d")
}

# Known in part, although the size is not known yet.
resource "terraform_data" "size" {
  input = 100
}

output "disk" {
  value = provider::eks::root_disk_annotations(terraform_data.size.output)
}
`,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownOutputValueAtPath("image", tfjsonpath.New("repository"), knownvalue.StringExact("library/nginx")),
					statecheck.ExpectKnownOutputValue("pinned", knownvalue.MapExact(map[string]knownvalue.Check{
						"eks.tke.cloud.tencent.com/use-image-cache": knownvalue.StringExact("imc-1a2b3c4d"),
					})),
					statecheck.ExpectKnownOutputValue("disk", knownvalue.MapExact(map[string]knownvalue.Check{
						"eks.tke.cloud.tencent.com/root-cbs-size": knownvalue.StringExact("100"),
					})),
				},
			},
		},
	})
}

// The echo provider keeps what an ephemeral resource gave it, which is the one way to see it.
func TestRegistryToken(t *testing.T) {
	cloud(t)
	data := tfjsonpath.New("data")
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)},
		ExternalProviders:      providers,
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"echo": echoprovider.NewProviderServer(),
		},
		Steps: []resource.TestStep{
			{
				Config: provider + `
ephemeral "eks_registry_token" "test" {
  registry_id = "tcr-1a2b3c4d"
}

provider "echo" {
  data = ephemeral.eks_registry_token.test
}

resource "echo" "test" {}
`,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue("echo.test", data.AtMapKey("username"), knownvalue.StringExact("100000000001")),
					statecheck.ExpectKnownValue("echo.test", data.AtMapKey("token"), knownvalue.StringRegexp(regexp.MustCompile(`^\S{64}$`))),
					statecheck.ExpectKnownValue("echo.test", data.AtMapKey("expires_at"), knownvalue.NotNull()),
				},
			},
		},
	})
}

func TestQuery(t *testing.T) {
	cloud(t)
	identity := map[string]knownvalue.Check{
		"id":     knownvalue.StringRegexp(id),
		"region": knownvalue.StringExact("ap-guangzhou"),
	}
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_14_0)},
		ExternalProviders:      providers,
		Steps: []resource.TestStep{
			{Config: cache(`name = "llm"`)},
			{
				Query: true,
				Config: `
list "eks_image_cache" "test" {
  provider         = eks
  include_resource = true

  config {
    status = "Ready"
  }
}
`,
				QueryResultChecks: []querycheck.QueryResultCheck{
					querycheck.ExpectLength(address, 1),
					querycheck.ExpectIdentity(address, identity),
					querycheck.ExpectResourceDisplayName(address,
						queryfilter.ByResourceIdentity(identity), knownvalue.StringRegexp(regexp.MustCompile(`llm`))),
					querycheck.ExpectResourceKnownValues(address,
						queryfilter.ByResourceIdentity(identity), []querycheck.KnownValueCheck{
							{Path: tfjsonpath.New("image_cache_size"), KnownValue: knownvalue.Int64Exact(60)},
						}),
				},
			},
		},
	})
}
