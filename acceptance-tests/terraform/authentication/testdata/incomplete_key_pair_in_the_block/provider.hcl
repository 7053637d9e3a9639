region = "ap-guangzhou"
secret_key = "simulator-secret-key"
