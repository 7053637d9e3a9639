region = "ap-guangzhou"

assume_role = {
  role_arn         = "qcs::cam::uin/100000000001:roleName/deploy"
  session_name     = "ci"
  session_duration = 3600
  external_id      = "team-a"
  source_identity  = "100000000001"
  policy           = jsonencode({ version = "2.0", statement = [] })
}
