# users-tenant exec -- sh examples/curl.sh
set -eu
tenant="$USERS_TENANT_URL/t/shell" # a tenant of this test alone, made by its first request

control() { # METHOD PATH [JSON]
    curl --silent --show-error --fail-with-body --request "$1" "$tenant/_tenant$2" \
        --header 'content-type: application/json' --data "${3-}"
}

control POST /reset
control POST /users '{"count": 3}' >/dev/null
control POST /faults '{"fault": "503@users.get_all"}' >/dev/null
control PUT /clock '{"now": "2030-01-01T00:00:00Z", "frozen": true}' >/dev/null

token=$(control POST /tokens '{"kind": "management"}' | sed 's/.*"token":"\([^"]*\)".*/\1/')
for expected in 503 200; do
    status=$(curl --silent --output /dev/null --write-out '%{http_code}' \
        --header "authorization: Bearer $token" "$tenant/api/v2/users")
    test "$status" = "$expected"
done
curl --silent --get "$tenant/_tenant/requests" --data-urlencode 'operation=users.get_all' | grep --quiet '"count":2'
echo ok
