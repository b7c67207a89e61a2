#Requires -Version 5.1
# Onboards this machine to Azure Arc. Run it as administrator. Rendered by hybridinv; it holds no secret.
#
# It ends with 0 when the agent is connected. Every other number is a failure:
#   1-125    azcmagent's own exit code; 18 is: not administrator, 67 is: connected elsewhere
#   147      a virtual machine of Azure (AZCM0147); 148 to 160: the installation failed, with AZCM0148 to AZCM0160
#   171      the installer is not signed by Microsoft (AZCM0171)
#   200      the download was refused               203  no secret was given
#   201      another run is under way               204  the agent is not connected
#   202      this machine is not in the plan        205  the download has another checksum
@@front@@

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$config = @@config@@
$secretKey = @@secret_key@@
$asksPrincipal = @@asks_principal@@
$subscription = @@subscription@@
$resourceGroup = (ConvertFrom-Json @@resource_group@@).name
$resourceName = @@resource_name@@
$proxy = @@proxy@@
$proxyBypass = @@proxy_bypass@@
$downloadUrl = @@download_url@@
$downloadHost = @@download_host@@
$sha256 = @@sha256@@
$planned = @@planned@@
$machines = ConvertFrom-Json @@machines@@
$codes = @'
@@codes@@
'@

$parent = Join-Path $env:SystemRoot 'AzureConnectedMachineAgent'
$work = Join-Path $parent 'hybridinv-arc'
$agent = "$env:ProgramW6432\AzureConnectedMachineAgent\azcmagent.exe"
$installationLog = Join-Path $parent 'temp\installationlog.txt'
$script:exitCode = 1
$script:more = ''

function Stop-Onboarding([int] $Code, [string] $Message) {
    $script:exitCode = $Code
    throw $Message
}

# What a code means; the last one that was said, else the one of the exit code.
function Show-Explanation([string[]] $Said, [int] $Code) {
    $name = [regex]::Matches(($Said -join ' '), 'AZCM[0-9]{4}') | Select-Object -Last 1 -ExpandProperty Value
    if (-not $name) {
        # Exit codes whose AZCM number means something else.
        if (@(28, 76, 77, 78) -contains $Code) { return }
        $name = 'AZCM{0:D4}' -f $Code
    }
    foreach ($line in ($codes -split "`r?`n")) {
        $known, $cause, $remedy = $line -split '\|'
        if ($known -eq $name) { Write-Note "${name}: $cause. $remedy." }
    }
}

function Assert-Administrator {
    $me = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
    if (-not $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
        Stop-Onboarding 18 'AZCM0018: run this as administrator'
    }
}

function Test-Metadata([string] $Address) {
    try {
        $request = [Net.WebRequest]::Create("http://$Address/metadata/instance/compute?api-version=2019-06-01")
        $request.Proxy = $null
        $request.Timeout = 2000
        $request.Headers.Add('Metadata', 'true')
        $response = $request.GetResponse()
        try {
            $reader = New-Object IO.StreamReader $response.GetResponseStream()
            return $reader.ReadToEnd() -match '"vmId"'
        }
        finally { $response.Close() }
    }
    catch { return $false }
}

function Assert-Outside {
    $remedy = 'use VM extensions; the agent is for machines outside Azure'
    $tags = @(Get-CimInstance -ClassName Win32_SystemEnclosure | ForEach-Object { $_.SMBIOSAssetTag })
    if ($tags -contains '7783-7084-3265-9085-8269-3286-77') {
        Stop-Onboarding 147 "AZCM0147: this is a virtual machine of Azure or Azure Stack Hub (its chassis asset tag): $remedy"
    }
    foreach ($address in '169.254.169.254', '169.254.169.253') {
        if (Test-Metadata $address) {
            Stop-Onboarding 147 "AZCM0147: this is a virtual machine of Azure or Azure Stack Hub (its metadata service answers): $remedy"
        }
    }
}

# A folder that only administrators and SYSTEM may read. Its parent is in the Windows folder: nobody else can make it.
function New-WorkFolder {
    $null = New-Item -ItemType Directory -Force -Path $work
    $acl = Get-Acl -LiteralPath $work
    $acl.SetAccessRuleProtection($true, $false)
    foreach ($rule in @($acl.Access)) { $null = $acl.RemoveAccessRule($rule) }
    foreach ($sid in 'S-1-5-18', 'S-1-5-32-544') {
        $who = New-Object Security.Principal.SecurityIdentifier $sid
        $acl.AddAccessRule((New-Object Security.AccessControl.FileSystemAccessRule $who, 'FullControl', 'ContainerInherit, ObjectInherit', 'None', 'Allow'))
    }
    Set-Acl -LiteralPath $work -AclObject $acl
    try { [IO.File]::Open((Join-Path $work 'lock'), 'OpenOrCreate', 'ReadWrite', 'None') }
    catch [IO.IOException] { Stop-Onboarding 201 'another run of this script is under way' }
}

function Remove-Secret {
    Remove-Item -LiteralPath (Join-Path $work 'connect.json') -Force -ErrorAction SilentlyContinue
}

function Test-Source([Uri] $Address) {
    if ($Address.Scheme -ne 'https') { return $false }
    if ($downloadHost -and $Address.Authority -eq $downloadHost) { return $true }
    if (-not $Address.IsDefaultPort) { return $false }
    if (@('aka.ms', 'download.microsoft.com', 'packages.microsoft.com') -contains $Address.Host) { return $true }
    return $Address.Host -match '\.his\.arc\.azure\.(com|us|cn)$'
}

# Follows redirects itself, so that each place is looked at before it is asked.
function Save-Download([string] $From, [string] $To) {
    [Net.ServicePointManager]::SecurityProtocol = 3072 # TLS 1.2 and nothing older
    $address = [Uri] $From
    for ($hop = 0; $hop -lt 6; $hop++) {
        if (-not (Test-Source $address)) {
            Stop-Onboarding 200 "refused to download from ${address}: it is none of Microsoft's documented hosts over https"
        }
        $request = [Net.WebRequest]::Create($address)
        $request.AllowAutoRedirect = $false
        $request.Timeout = 60000
        if ($proxy) { $request.Proxy = New-Object Net.WebProxy $proxy }
        try { $response = $request.GetResponse() }
        catch { Stop-Onboarding 148 "AZCM0148: could not download ${address}: $($_.Exception.Message)" }
        try {
            if ([int] $response.StatusCode -lt 300) {
                $file = [IO.File]::Create($To)
                try { $response.GetResponseStream().CopyTo($file) } finally { $file.Dispose() }
                return
            }
            $address = New-Object Uri $address, ([string] $response.Headers['Location'])
        }
        finally { $response.Close() }
    }
    Stop-Onboarding 200 "could not download ${From}: too many redirects"
}

function Assert-Signature([string] $Path) {
    $signature = Get-AuthenticodeSignature -LiteralPath $Path
    $signer = @()
    if ($signature.SignerCertificate) {
        $signer = @($signature.SignerCertificate.SubjectName.Format($true) -split "`r?`n")
    }
    if ($signature.Status -ne 'Valid' -or $signer -notcontains 'O=Microsoft Corporation') {
        Stop-Onboarding 171 "AZCM0171: the installer is not signed by Microsoft ($($signature.Status)): $($signer -join ', ')"
    }
}

function Install-Agent {
    if (-not [Environment]::Is64BitOperatingSystem) { Stop-Onboarding 153 'AZCM0153: the agent needs a 64-bit Windows' }
    $product = (Get-ItemProperty -LiteralPath 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion').ProductName
    if ($product -eq 'Azure Stack HCI') {
        Stop-Onboarding 152 'AZCM0152: a node of Azure Stack HCI is registered with its own tool: https://aka.ms/install-arc-on-hci-host'
    }
    $installer = Join-Path $work 'AzureConnectedMachineAgent.msi'
    Save-Download $downloadUrl $installer
    if ($sha256) {
        $sum = (Get-FileHash -LiteralPath $installer -Algorithm SHA256).Hash
        if ($sum -ne $sha256) { Stop-Onboarding 205 "refused what $downloadUrl gave: its SHA-256 is $sum, not $sha256" }
    }
    Assert-Signature $installer
    $null = New-Item -ItemType Directory -Force -Path (Split-Path $installationLog)
    $arguments = "/i `"$installer`" /qn /norestart /l*v `"$installationLog`""
    $done = Start-Process -FilePath "$env:SystemRoot\System32\msiexec.exe" -ArgumentList $arguments -Wait -PassThru
    Remove-Item -LiteralPath $installer -Force
    if (@(0, 3010) -notcontains $done.ExitCode) {
        $code = @{ 1603 = 156; 112 = 158; 1618 = 159; 1622 = 160; 1633 = 153 }[$done.ExitCode]
        if (-not $code) { $code = 149 }
        Show-Explanation @() $code
        Stop-Onboarding $code "the agent was not installed (msiexec ended with $($done.ExitCode)); see $installationLog"
    }
    if (-not (Test-Path -LiteralPath $agent)) { Stop-Onboarding 150 "AZCM0150: the installer ended well, but there is no $agent" }
    # Its service has just been started.
    Start-Sleep -Seconds 5
}

function Get-AgentState {
    try { return (& $agent show -j | Out-String | ConvertFrom-Json) } catch { return $null }
}

function Show-Agent {
    & $agent show | ForEach-Object { Write-Note $_ }
}

# True when there is nothing to do; ends the script where the agent belongs to somebody else.
function Test-Onboarded {
    $state = Get-AgentState
    if (-not ($state -and $state.subscriptionId -and $state.resourceName)) { return $false }
    $what = "$($state.resourceName) in $($state.resourceGroup)"
    if ($state.subscriptionId -ne $subscription -or $state.resourceGroup -ne $resourceGroup -or
        ($resourceName -and $state.resourceName -ne $resourceName)) {
        Stop-Onboarding 67 ("AZCM0067: the agent is connected as $what of subscription $($state.subscriptionId), which is not the target. " +
            'If it shall move: azcmagent disconnect, then run this again')
    }
    if ($state.status -ne 'Connected') {
        Stop-Onboarding 204 ("the agent is registered here as $what, but its status is '$($state.status)': " +
            'Restart-Service himds, then azcmagent check; is it Expired: azcmagent disconnect --force-local-only')
    }
    Write-Note "the agent is already connected as $what; nothing to do"
    return $true
}

# What only this run knows; asked before the installation, written after it.
function Read-Answers {
    if ($resourceName) { $script:more += "`"resource-name`": $(ConvertTo-Json -InputObject $resourceName)," }
    if ($asksPrincipal) {
        $principal = Read-Principal
        if (-not $principal) { Stop-Onboarding 203 'no application id of the service principal was given' }
        if ($principal -notmatch '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$') {
            Stop-Onboarding 203 'the application id of the service principal is no GUID'
        }
        $script:more += "`"service-principal-id`": $(ConvertTo-Json -InputObject ([string] $principal)),"
    }
    if ($secretKey) {
        $secret = Read-Secret
        if (-not $secret) { Stop-Onboarding 203 "no $($secretKey -replace '-', ' ') was given" }
        if ($secret -match '[\x00-\x1f\x7f]') { Stop-Onboarding 203 "the $($secretKey -replace '-', ' ') has control characters in it" }
        $script:more += "`"$secretKey`": $(ConvertTo-Json -InputObject ([string] $secret)),"
    }
}

# Runs the agent and shows what it says. The secret is in the file alone, never among the arguments.
function Invoke-Agent([string[]] $Arguments) {
    $said = @(& $agent @Arguments | ForEach-Object { Write-Note $_; [string] $_ })
    $code = $LASTEXITCODE
    if ($code -ne 0) {
        Show-Explanation $said $code
        Stop-Onboarding $code "azcmagent $($Arguments[0]) ended with $code"
    }
}

function Connect-Agent {
    if ($proxy) {
        Invoke-Agent 'config', 'set', 'proxy.url', $proxy
        if ($proxyBypass) { Invoke-Agent 'config', 'set', 'proxy.bypass', $proxyBypass }
    }
    $file = Join-Path $work 'connect.json'
    try {
        # Without a byte order mark: the agent does not read one.
        [IO.File]::WriteAllText($file, '{' + $script:more + $config.Substring(1), (New-Object Text.UTF8Encoding $false))
        Invoke-Agent 'connect', '--config', $file
    }
    finally { Remove-Secret }
    for ($try = 0; $try -lt 5; $try++) {
        $state = Get-AgentState
        if ($state -and $state.status -eq 'Connected') { break }
        Start-Sleep -Seconds 3
    }
    Show-Agent
    if (-not ($state -and $state.status -eq 'Connected')) {
        Stop-Onboarding 204 "azcmagent ended well, but the agent's status is '$($state.status)': azcmagent check, azcmagent logs"
    }
    Write-Note "connected as $($state.resourceName) in $($state.resourceGroup)"
}

$lock = $null
try {
    try { [Console]::OutputEncoding = New-Object Text.UTF8Encoding $false } catch { Write-Verbose 'no console' }
    Assert-Administrator
    Assert-Outside
    if ($planned) {
        $own = ([Net.Dns]::GetHostName() -split '\.')[0]
        $row = $machines.PSObject.Properties[$own]
        if (-not $row) { Stop-Onboarding 202 "$own is not among the machines to onboard; plan again if it should be" }
        $resourceName = [string] $row.Value
    }
    $lock = New-WorkFolder
    Remove-Secret
    $installed = Test-Path -LiteralPath $agent
    if ($installed -and (Test-Onboarded)) {
        Show-Agent
    }
    else {
        Read-Answers
        if (-not $installed) { Install-Agent }
        Connect-Agent
    }
    $script:exitCode = 0
}
catch {
    Write-Note "$($_.Exception.Message)"
}
finally {
    if ($lock) {
        Remove-Secret
        $lock.Dispose()
        Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction SilentlyContinue
    }
}
exit $script:exitCode
