#   206      the file with the secret cannot be read
#
# For Group Policy (a scheduled task that runs as SYSTEM) and Configuration Manager: it asks nothing and writes a log.
[CmdletBinding()]
param(
    # The service principal's secret, protected with DPAPI-NG for these machines, in Base64.
    [string] $SecretFile = '',
    # The application id of the service principal, where the script does not hold it.
    [string] $ServicePrincipalId = '',
    [string] $LogFile = "$env:SystemRoot\AzureConnectedMachineAgent\hybridinv-arc.log"
)

function Write-Note([string] $Text) {
    Write-Host $Text
    try {
        $null = New-Item -ItemType Directory -Force -Path (Split-Path $LogFile)
        $at = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')
        [IO.File]::AppendAllText($LogFile, "$at $Text`r`n")
    }
    catch { Write-Host "could not write to ${LogFile}: $($_.Exception.Message)" }
}

function Read-Principal { return $ServicePrincipalId }

function Read-Secret {
    if (-not $SecretFile) { Stop-Onboarding 203 'no secret was given: call this with -SecretFile' }
    Add-Type -TypeDefinition @'
using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

public static class HybridinvArcSecret
{
    const uint Silent = 0x40;

    [DllImport("ncrypt.dll")]
    static extern int NCryptUnprotectSecret(IntPtr descriptor, uint flags, byte[] secret, uint length, IntPtr memory, IntPtr window, out IntPtr data, out uint size);

    [DllImport("kernel32.dll")]
    static extern IntPtr LocalFree(IntPtr memory);

    public static string Read(string base64)
    {
        byte[] secret = Convert.FromBase64String(base64);
        IntPtr data;
        uint size;
        int status = NCryptUnprotectSecret(IntPtr.Zero, Silent, secret, (uint)secret.Length, IntPtr.Zero, IntPtr.Zero, out data, out size);
        if (status != 0) { throw new Win32Exception(status); }
        try
        {
            byte[] plain = new byte[size];
            Marshal.Copy(data, plain, 0, plain.Length);
            return Encoding.UTF8.GetString(plain);
        }
        finally { LocalFree(data); }
    }
}
'@
    try { return [HybridinvArcSecret]::Read((Get-Content -LiteralPath $SecretFile -Raw).Trim()) }
    catch { Stop-Onboarding 206 "could not read ${SecretFile}: $($_.Exception.Message); is it protected for this computer, and does this run as SYSTEM?" }
}
