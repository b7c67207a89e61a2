@echo off
rem Runs onboard.ps1, which gets the secret from its standard input. What the script says goes to log, what the agent says of
rem itself to state, the exit code to code.
cd /d "%~dp0" || exit /b 1
set "given=nul"
if exist secret set "given=secret"
"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe" -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -File onboard.ps1 <"%given%" >log 2>&1
set "ended=%errorlevel%"
del /f /q secret 2>nul
"%ProgramW6432%\AzureConnectedMachineAgent\azcmagent.exe" show -j <nul >state 2>nul
>code.new echo %ended%
move /y code.new code >nul
exit /b %ended%
