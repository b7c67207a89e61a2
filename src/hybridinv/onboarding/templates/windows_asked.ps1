[CmdletBinding()]
param()

# Taken before anything is run: no command shall have it in its environment.
$script:given = $env:ARC_ONBOARDING_SECRET
Remove-Item -LiteralPath 'Env:ARC_ONBOARDING_SECRET' -ErrorAction SilentlyContinue

function Write-Note([string] $Text) { Write-Host $Text }

# Never from what is piped in: that is the secret.
function Read-Principal {
    if ($env:ARC_SERVICE_PRINCIPAL_ID -or [Console]::IsInputRedirected) { return $env:ARC_SERVICE_PRINCIPAL_ID }
    return Read-Host -Prompt 'application id of the service principal'
}

# From the environment, from what is piped in, or typed and not shown.
function Read-Secret {
    if ($script:given) { return $script:given }
    if ([Console]::IsInputRedirected) { return [Console]::In.ReadLine() }
    $typed = Read-Host -Prompt ($secretKey -replace '-', ' ') -AsSecureString
    return (New-Object Net.NetworkCredential '', $typed).Password
}
