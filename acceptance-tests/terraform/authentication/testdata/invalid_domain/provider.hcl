region = "ap-guangzhou"
domain = "https://tencentcloudapi.com"
