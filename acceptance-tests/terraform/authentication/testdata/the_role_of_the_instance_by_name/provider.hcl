region = "ap-guangzhou"
cam_role_name = "builder"
