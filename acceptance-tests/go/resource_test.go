package eks

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

const address = "eks_image_cache.test"

var id = regexp.MustCompile(`^imc-[0-9a-z]+$`)

// notReturned are the arguments that the API does not return, and so no import reads.
var notReturned = []string{
	"vpc_id", "subnet_id", "security_group_ids", "resolve_config", "registry_http_endpoint_list",
	"registry_skip_verify_list", "rebuild_triggers",
}

func TestImageCacheCreate(t *testing.T) {
	cloud(t)
	resource.Test(t, resource.TestCase{
		ExternalProviders: providers,
		Steps: []resource.TestStep{
			{
				Config: cache(`name = "llm"`, `tags = { team = "ai" }`),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
						plancheck.ExpectUnknownValue(address, tfjsonpath.New("id")),
						plancheck.ExpectKnownValue(address, tfjsonpath.New("annotations").AtMapKey("auto"),
							knownvalue.MapExact(map[string]knownvalue.Check{
								"eks.tke.cloud.tencent.com/use-image-cache": knownvalue.StringExact("auto"),
							})),
					},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringRegexp(id)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("status"), knownvalue.StringExact("Ready")),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("image_cache_size"), knownvalue.Int64Exact(60)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("tags_all"),
						knownvalue.MapExact(map[string]knownvalue.Check{"team": knownvalue.StringExact("ai")})),
				},
			},
		},
	})
}

func TestImageCacheUpdate(t *testing.T) {
	cloud(t)
	same := statecheck.CompareValue(compare.ValuesSame())
	step := func(action plancheck.ResourceActionType, arguments ...string) resource.TestStep {
		return resource.TestStep{
			Config: cache(arguments...),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(address, tfjsonpath.New("id"))},
		}
	}
	resource.Test(t, resource.TestCase{
		ExternalProviders: providers,
		Steps: []resource.TestStep{
			step(plancheck.ResourceActionCreate, `name = "llm"`),
			step(plancheck.ResourceActionUpdate, `name = "renamed"`, `retention_days = 30`),
			step(plancheck.ResourceActionUpdate, `name = "renamed"`, `retention_days = 30`, `rebuild_triggers = { digest = "2" }`),
			step(plancheck.ResourceActionNoop, `name = "renamed"`, `retention_days = 30`, `rebuild_triggers = { digest = "2" }`),
		},
	})
}

func TestImageCacheReplace(t *testing.T) {
	cloud(t)
	differs := statecheck.CompareValue(compare.ValuesDiffer())
	id := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{differs.AddStateValue(address, tfjsonpath.New("id"))}
	}
	resource.Test(t, resource.TestCase{
		ExternalProviders: providers,
		Steps: []resource.TestStep{
			{Config: cache(), ConfigStateChecks: id()},
			{
				Config: cache(`resolve_config = "nameserver 10.0.0.2"`),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionReplace),
				}},
				ConfigStateChecks: id(),
			},
		},
	})
}

func TestImageCacheImport(t *testing.T) {
	cloud(t)
	regional := func(state *terraform.State) (string, error) {
		object, found := state.RootModule().Resources[address]
		if !found {
			return "", fmt.Errorf("%s is not in the state", address)
		}
		return "ap-guangzhou/" + object.Primary.ID, nil
	}
	resource.Test(t, resource.TestCase{
		ExternalProviders: providers,
		Steps: []resource.TestStep{
			{Config: cache(
				`name = "llm"`, `tags = { team = "ai" }`, `retention_days = 30`, `security_group_ids = ["sg-1a2b3c4d"]`,
				`resolve_config = "nameserver 10.0.0.2"`, `registry_http_endpoint_list = ["harbor.example.com"]`,
				`registry_skip_verify_list = ["harbor.example.org"]`, `rebuild_triggers = { month = "2026-11" }`,
			)},
			{ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: notReturned},
			{
				ResourceName: address, ImportState: true, ImportStateIdFunc: regional,
				ImportStateVerify: true, ImportStateVerifyIgnore: notReturned,
			},
		},
	})
}

func TestImageCacheImportByIdentity(t *testing.T) {
	cloud(t)
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ExternalProviders:      providers,
		Steps: []resource.TestStep{
			{Config: cache(`name = "llm"`)},
			{
				ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity,
				// What the API does not return is adopted from the configuration, in place.
				ExpectNonEmptyPlan: true,
				ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
				}},
			},
		},
	})
}

func TestImageCacheIdentity(t *testing.T) {
	cloud(t)
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ExternalProviders:      providers,
		Steps: []resource.TestStep{
			{
				Config: cache(),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectIdentity(address, map[string]knownvalue.Check{
						"id":     knownvalue.StringRegexp(id),
						"region": knownvalue.StringExact("ap-guangzhou"),
					}),
					statecheck.ExpectIdentityValueMatchesState(address, tfjsonpath.New("id")),
					statecheck.ExpectIdentityValueMatchesState(address, tfjsonpath.New("region")),
				},
			},
		},
	})
}

func TestImageCacheErrors(t *testing.T) {
	cloud(t, "--unpullable", "nginx:absent")
	resource.Test(t, resource.TestCase{
		ExternalProviders: providers,
		Steps: []resource.TestStep{
			{
				Config:      cache(`existed_eip_id = "eip-1a2b3c4d"`, `auto_create_eip = {}`),
				PlanOnly:    true,
				ExpectError: regexp.MustCompile(`auto_create_eip`),
			},
			{
				Config: provider + `
resource "eks_image_cache" "test" {
  images    = ["nginx:absent"]
  vpc_id    = "vpc-1a2b3c4d"
  subnet_id = "subnet-1a2b3c4d"
}
`,
				ExpectError: regexp.MustCompile(`(?s)Failed.*nginx:absent`),
			},
		},
	})
}

func TestProviderErrors(t *testing.T) {
	cloud(t)
	t.Setenv("TENCENTCLOUD_REGION", "")
	resource.Test(t, resource.TestCase{
		ExternalProviders: providers,
		Steps: []resource.TestStep{
			{Config: cache(), ExpectError: regexp.MustCompile(`TENCENTCLOUD_REGION`)},
			{Config: cache(`region = "ap-shanghai"`), ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("region"), knownvalue.StringExact("ap-shanghai")),
			}},
		},
	})
}
