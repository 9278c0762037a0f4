"""Answers written by hand from the API facts. Never generate these with our own code."""

from __future__ import annotations

UNAUTHORIZED = '{"code":"401","description":"Unauthorized","data":null}'
FORBIDDEN = '{"code":"403","description":"Forbidden","data":null}'
NOT_FOUND = '{"code":"404","description":"Record not found","data":null}'
SERVER_ERROR = '{"code":"500","description":"Server error","data":null}'
TOO_MANY = '{"code":"429","description":"Too many requests. Please slow down.","data":null}'
BAD_CREDENTIALS = '{"code":"01","description":"Invalid client credentials","data":null}'
BAD_REFRESH = '{"code":"01","description":"Invalid refresh token","data":null}'
EXPIRED = '{"code":"02","description":"Token expired","data":null}'
REVOKED = '{"code":"00","description":"Token revoked successfully"}'
SANDBOX_TOKEN = (
    '{"code":"403","description":"Forbidden. The token provided is a sandbox token and can\'t be used on live.",'
    '"data":null}'
)

ISSUED = (
    '{"code":"00","description":"Success","data":{"access_token":"ACCESS","refresh_token":"REFRESH",'
    '"businessId":"7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11","expiresAt":"2026-07-08T14:33:00Z"}}'
)

PARENT = """{"code":"00","description":"Success","data":{
    "accountId":"7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11",
    "accountHolderId":"b6b3a1de-2f44-4c55-8a77-5d20c4e7f001",
    "accountRef":"practice-parent",
    "accountName":"Practice Merchant Ltd",
    "bvn":"22200000000",
    "status":"ACTIVE",
    "type":"outlet",
    "currency":"NGN",
    "createdAt":"2025-03-14T09:26:53.900Z",
    "banks":[{"bankAccountNumber":"9900112233","bankName":"Practice Bank",
              "bankAccountName":"Practice Merchant Ltd"}]}}"""

BALANCE = (
    '{"code":"00","description":"Success","data":'
    '{"amount":"281946.0","currency":"NGN","timeCreated":"2026-07-08T14:03:00Z"}}'
)

TERMINALS_FIRST = """{"code":"00","description":"Success","data":{"results":[
    {"terminalId":"2KUD0001","serialNumber":"912300000001",
     "accountId":"7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11",
     "parentAccountId":"7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11",
     "merchantName":"Practice Merchant Ltd","terminalLabel":"Counter 1",
     "createdAt":"2025-05-02T11:00:00.000Z","updatedAt":"2026-10-01T11:00:00.000Z"}],"cursor":"1"}}"""

BANKS = """{"code":"00","description":"Success","data":[
    {"code":"000001","name":"Practice Bank","nipCode":"999000001","logo":null},
    {"code":"000002","name":"Example Microfinance Bank","nipCode":"999000002","logo":null},
    {"code":"000003","name":"Sample Trust Bank","nipCode":"999000003","logo":null}]}"""

TRANSFER = """{"code":"200","description":"SUCCESS","message":"Success","status":true,"data":{
    "id":"PRACTICE-NOTHING-WAS-SENT","status":"SUCCESS","amount":0.0,"type":"transfer",
    "meta":{"api_client_id":"2a4c6e80-1111-4222-8333-944455566677",
            "api_account_id":"7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11"}}}"""

ACCESS_GRANTED = (
    '{"code":"00","description":"Success","data":{"message":"Access updated successfully","data":{}}}'
)
