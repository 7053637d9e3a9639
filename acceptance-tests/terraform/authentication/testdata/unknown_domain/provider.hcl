region = "ap-guangzhou"
domain      = "nowhere.invalid"
max_retries = 0
