"""Calls the simulator with Tencent Cloud's official SDK, a client that is independent of this project.

Usage: python drive.py http://127.0.0.1:PORT

The simulator must run with its default key pair, `--build-time 0s` and `--instance-role builder`. Each check prints its name; the first that
fails ends the script with its traceback.
"""

import json
import sys
import time
from urllib.parse import urlparse

from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sts.v20180813 import models as sts_models
from tencentcloud.sts.v20180813.sts_client import StsClient
from tencentcloud.tcr.v20190924 import models as tcr_models
from tencentcloud.tcr.v20190924.tcr_client import TcrClient
from tencentcloud.tke.v20180525 import models as tke_models
from tencentcloud.tke.v20180525.tke_client import TkeClient

REGION = "ap-guangzhou"
SECRET_ID, SECRET_KEY = "AKIDSIMULATOR", "simulator-secret-key"
HOST = urlparse(sys.argv[1]).netloc
ROLE = {"RoleArn": "qcs::cam::uin/100000000001:roleName/builder", "RoleSessionName": "sdk-test"}
CREATE = {"Images": ["nginx:1.27", "redis:7"], "VpcId": "vpc-12345678", "SubnetId": "subnet-12345678"}


def client(kind, secret_id=SECRET_ID, secret_key=SECRET_KEY, token=None, region=REGION):
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=HOST))
    return kind(credential.Credential(secret_id, secret_key, token), region, profile)


def request(kind, **fields):
    made = kind()
    made.from_json_string(json.dumps(fields))
    return made


def rejected(code, call):
    """The error of `call`, which must have this code."""
    try:
        call()
    except TencentCloudSDKException as error:
        assert error.get_code() == code, f"{error.get_code()} instead of {code}: {error.get_message()}"
        assert error.get_request_id(), "an error without a request ID"
        return error
    raise AssertionError(f"not rejected with {code}")


TKE = client(TkeClient)


def create(**fields):
    return TKE.CreateImageCache(request(tke_models.CreateImageCacheRequest, **CREATE | fields)).ImageCacheId


def describe(**fields):
    return TKE.DescribeImageCaches(request(tke_models.DescribeImageCachesRequest, **fields))


def update(**fields):
    return TKE.UpdateImageCache(request(tke_models.UpdateImageCacheRequest, **fields))


def delete(*ids):
    return TKE.DeleteImageCaches(request(tke_models.DeleteImageCachesRequest, ImageCacheIds=list(ids)))


def suitable(*images):
    return TKE.GetMostSuitableImageCache(
        request(tke_models.GetMostSuitableImageCacheRequest, Images=list(images))
    )


def cache_lifecycle():
    cache_id = create(
        ImageCacheName="first",
        ImageCacheSize=50,
        RetentionDays=7,
        SecurityGroupIds=["sg-12345678"],
        AutoCreateEipAttribute={"DeletePolicy": "Release", "InternetMaxBandwidthOut": 10},
        ImageRegistryCredentials=[{"Server": "r.example.com", "Username": "u", "Password": "secret"}],
        RegistrySkipVerifyList=["harbor.example.com"],
        RegistryHttpEndPointList=["plain.example.com"],
        ResolveConfig="nameserver 4.4.4.4\nnameserver 8.8.8.8",
        Tags=[{"Key": "team", "Value": "ml"}],
    )
    assert cache_id.startswith("imc-") and len(cache_id) == 12, cache_id
    response = describe(ImageCacheIds=[cache_id])
    assert response.TotalCount == 1 and response.RequestId, response
    (cache,) = response.ImageCaches
    assert cache.ImageCacheId == cache_id
    assert (cache.ImageCacheName, cache.ImageCacheSize, cache.RetentionDays) == ("first", 50, 7)
    assert cache.Images == CREATE["Images"]
    assert cache.Status == "Ready" and cache.SnapshotId.startswith("snap-")
    assert [event.Reason for event in cache.Events] == ["SnapCreated", "DiskCreated", "EksciCreated"]
    assert [(tag.Key, tag.Value) for tag in cache.Tags] == [("team", "ml")]
    assert "secret" not in response.to_json_string()

    update(ImageCacheId=cache_id, ImageCacheName="renamed", RetentionDays=0, Tags=[])
    (renamed,) = describe(ImageCacheNames=["renamed"]).ImageCaches
    assert (renamed.SnapshotId, renamed.RetentionDays, renamed.Tags) == (cache.SnapshotId, 0, [])
    update(ImageCacheId=cache_id, Images=["nginx:1.28"], ImageCacheSize=60)
    filters = [{"Name": "image-cache-name", "Values": ["renamed", "other"]}]
    (rebuilt,) = describe(Filters=filters).ImageCaches
    assert (rebuilt.Images, rebuilt.ImageCacheSize, rebuilt.Status) == (["nginx:1.28"], 60, "Ready")
    assert rebuilt.SnapshotId != cache.SnapshotId

    assert delete(cache_id).RequestId
    assert describe(ImageCacheIds=[cache_id]).TotalCount == 0
    rejected("ResourceNotFound", lambda: delete(cache_id))
    rejected("ResourceNotFound", lambda: update(ImageCacheId=cache_id, ImageCacheName="gone"))


def suitable_cache_is_smallest_match():
    large, small = create(ImageCacheSize=100), create(ImageCacheSize=40)
    found = suitable("redis:7")
    assert found.Found is True and found.ImageCache.ImageCacheId == small
    none = suitable("redis:8")
    assert none.Found is False and none.ImageCache is None
    delete(large, small)


def lists_are_paged():
    ids = {create() for _ in range(55)}
    assert len(describe().ImageCaches) == 20
    pages = [describe(Limit=50, Offset=offset) for offset in (0, 50, 100)]
    assert [page.TotalCount for page in pages] == [55, 55, 55]
    assert [len(page.ImageCaches) for page in pages] == [50, 5, 0]
    assert {cache.ImageCacheId for page in pages for cache in page.ImageCaches} == ids
    rejected("InvalidParameter", lambda: describe(Limit=51))
    elsewhere = client(TkeClient, region="ap-shanghai")
    assert elsewhere.DescribeImageCaches(tke_models.DescribeImageCachesRequest()).TotalCount == 0
    delete(*ids)


def invalid_parameters_are_rejected():
    for code, fields in [
        ("UnknownParameter", {"ClientToken": "once"}),
        ("InvalidParameter", {"Images": []}),
        ("InvalidParameter", {"Images": "nginx"}),
        ("InvalidParameter", {"ImageCacheSize": 19}),
        ("InvalidParameter", {"ImageCacheSize": "20"}),
        ("InvalidParameter", {"ExistedEipId": "eip-1", "AutoCreateEip": True}),
        ("InvalidParameter", {"ExistedEipId": "eip-1", "AutoCreateEipAttribute": {"DeletePolicy": "Never"}}),
        ("MissingParameter", {"AutoCreateEipAttribute": {"InternetMaxBandwidthOut": 1}}),
    ]:
        rejected(code, lambda: TKE.call_json("CreateImageCache", CREATE | fields))
    rejected("MissingParameter", lambda: TKE.call_json("CreateImageCache", {"Images": ["nginx"]}))
    assert describe().TotalCount == 0


def invalid_credentials_are_rejected():
    list_request = tke_models.DescribeImageCachesRequest()
    for code, caller in [
        ("AuthFailure.SignatureFailure", client(TkeClient, secret_key="wrong")),
        ("AuthFailure.SecretIdNotFound", client(TkeClient, secret_id="AKIDUNKNOWN")),
        ("AuthFailure.TokenFailure", client(TkeClient, token="invalid")),
        ("MissingParameter", client(TkeClient, region="")),
    ]:
        rejected(code, lambda: caller.DescribeImageCaches(list_request))
    rejected("InvalidAction", lambda: TKE.call_json("CreateImageCaches", {}))


def caller_identity():
    caller = client(StsClient).GetCallerIdentity(sts_models.GetCallerIdentityRequest())
    assert (caller.AccountId, caller.Type) == ("100000000001", "CAMUser")
    assert caller.Arn == "qcs::cam::uin/100000000001:uin/100000000001"


def identity_of(response):
    """The identity of the temporary credentials in `response`."""
    key = response["Credentials"]
    caller = client(StsClient, key["TmpSecretId"], key["TmpSecretKey"], key["Token"])
    assert 0 < response["ExpiredTime"] - time.time() <= 7200
    assert response["Expiration"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(response["ExpiredTime"]))
    return caller.GetCallerIdentity(sts_models.GetCallerIdentityRequest())


def assume(action, fields, **options):
    return client(StsClient).call_json(action, ROLE | fields, **options)["Response"]


def role_assumed_with_key():
    identity = identity_of(assume("AssumeRole", {"Policy": "%7B%22version%22%3A%222.0%22%7D", "ExternalId": "id"}))
    assert (identity.Type, identity.AccountId) == ("CAMRole", "100000000001")
    assert identity.UserId.endswith(":sdk-test")
    rejected("ResourceNotFound.RoleNotFound", lambda: assume("AssumeRole", {"RoleArn": "qcs::cam::uin/2:roleName/x"}))


def role_assumed_without_signature():
    unsigned = {"options": {"SkipSign": True}}
    web = {"ProviderId": "oidc", "WebIdentityToken": "header.claims.signature"}
    assert identity_of(assume("AssumeRoleWithWebIdentity", web, **unsigned)).Type == "CAMRole"
    saml = {"SAMLAssertion": "PHNhbWw+", "PrincipalArn": "qcs::cam::uin/100000000001:saml-provider/idp"}
    assert identity_of(assume("AssumeRoleWithSAML", saml, **unsigned)).Type == "CAMRole"
    rejected("AuthFailure.InvalidAuthorization", lambda: assume("AssumeRole", {}, **unsigned))


def session_with_mfa():
    fields = {"SerialNumber": "qcs::cam:uin/100000000001::mfa/softToken", "TokenCode": "123456"}
    sts = client(StsClient)
    response = sts.GetSessionToken(request(sts_models.GetSessionTokenRequest, **fields))
    assert identity_of(json.loads(response.to_json_string())).Type == "CAMUser"
    wrong = request(sts_models.GetSessionTokenRequest, **fields | {"TokenCode": "none"})
    rejected("FailedOperation.CheckMFAError", lambda: sts.GetSessionToken(wrong))


def temporary_credentials_require_token():
    key = assume("AssumeRole", {})["Credentials"]
    for token in [None, "wrong"]:
        caller = client(TkeClient, key["TmpSecretId"], key["TmpSecretKey"], token)
        rejected("AuthFailure.TokenFailure", lambda: caller.DescribeImageCaches(tke_models.DescribeImageCachesRequest()))


def instance_role():
    role = credential.CVMRoleCredential()
    role._role_endpoint = sys.argv[1] + "/latest/meta-data/cam/security-credentials/"
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=HOST))
    identity = StsClient(role, REGION, profile).GetCallerIdentity(sts_models.GetCallerIdentityRequest())
    assert identity.Arn == "qcs::sts:100000000001:assumed-role/builder", identity


def registry_token():
    tcr = client(TcrClient)
    make = lambda **fields: tcr.CreateInstanceToken(request(tcr_models.CreateInstanceTokenRequest, **fields))
    token = make(RegistryId="tcr-12345678", TokenType="temp")
    assert (token.Username, token.TokenId) == ("100000000001", "") and token.Token
    assert 3500 < token.ExpTime / 1000 - time.time() <= 3600
    rejected("ResourceNotFound.TcrResourceNotFound", lambda: make(RegistryId="nothing"))


CHECKS = [
    cache_lifecycle,
    suitable_cache_is_smallest_match,
    lists_are_paged,
    invalid_parameters_are_rejected,
    invalid_credentials_are_rejected,
    caller_identity,
    role_assumed_with_key,
    role_assumed_without_signature,
    session_with_mfa,
    temporary_credentials_require_token,
    instance_role,
    registry_token,
]

for check in CHECKS:
    print(check.__name__, flush=True)
    check()
print(f"{len(CHECKS)} checks passed")
