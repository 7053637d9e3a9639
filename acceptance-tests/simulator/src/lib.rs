//! A simulator of the Tencent Cloud API.
