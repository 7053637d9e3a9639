region = "ap-guangzhou"

assume_role_with_web_identity = {
  provider_id             = "github"
  role_arn                = "qcs::cam::uin/100000000001:roleName/deploy"
  session_name            = "ci"
  web_identity_token_file = "~/token"
}
