region = "ap-guangzhou"

assume_role = {
  role_arn = "qcs::cam::uin/200000000002:roleName/deploy"
}
