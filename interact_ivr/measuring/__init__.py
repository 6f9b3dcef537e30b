"""What an administrator's own machine can do: its disk, a store on it, and calls; no load tool."""
