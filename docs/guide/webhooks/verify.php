<?php
// Verify a webhook: php verify.php SECRET ID TIMESTAMP SIGNATURE < body

/** Return whether the body is signed with the secret and was sent within the last five minutes. */
function is_valid(string $secret, string $eventId, string $timestamp, string $signatures, string $body): bool
{
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$eventId.$timestamp.$body", $key, true));
    foreach (explode(' ', $signatures) as $given) {
        if (hash_equals($expected, $given)) {
            return true;
        }
    }
    return false;
}

$valid = is_valid($argv[1], $argv[2], $argv[3], $argv[4], file_get_contents('php://stdin'));
echo $valid ? "valid\n" : "not valid\n";
exit($valid ? 0 : 1);
