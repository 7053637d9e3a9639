region = "ap-guangzhou"

assume_role_with_saml = {
  principal_arn = "qcs::cam::uin/100000000001:saml-provider/okta"
  role_arn      = "qcs::cam::uin/100000000001:roleName/deploy"
  session_name  = "ci"
}
