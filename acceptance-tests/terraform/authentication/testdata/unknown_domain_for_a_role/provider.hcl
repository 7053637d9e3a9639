region = "ap-guangzhou"
domain      = "nowhere.invalid"
max_retries = 0

assume_role = {
  role_arn = "qcs::cam::uin/100000000001:roleName/deploy"
}
