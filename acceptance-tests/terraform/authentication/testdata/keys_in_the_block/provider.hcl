region = "ap-guangzhou"
secret_id  = "AKIDSIMULATOR"
secret_key = "simulator-secret-key"
