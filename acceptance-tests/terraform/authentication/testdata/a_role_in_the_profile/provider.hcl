region = "ap-guangzhou"
profile                = "production"
shared_credentials_dir = "~/keys"
