region = "ap-guangzhou"

mfa_certification = {
  serial_number    = "qcs::cam:uin/100000000001::mfa/softToken"
  token_code       = "135792"
  duration_seconds = 3600
}

assume_role = {
  role_arn = "qcs::cam::uin/100000000001:roleName/deploy"
}
