region = "ap-guangzhou"
profile = "production"
