# A cache in the region of the provider
terraform import eks_image_cache.llm imc-1a2b3c4d

# A cache in another region
terraform import eks_image_cache.llm ap-shanghai/imc-1a2b3c4d
