output "annotations" {
  value = provider::eks::root_disk_annotations(50)
}
