region = "ap-guangzhou"

assume_role = {
  role_arn = "qcs::cam::uin/100000000001:roleName/deploy"
}
