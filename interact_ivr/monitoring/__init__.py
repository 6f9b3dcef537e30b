"""What is shipped for Prometheus and Grafana: rules of alerts, and a dashboard."""
