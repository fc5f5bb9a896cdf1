# gunicorn reads this from its working directory; the unit says the rest.
workers = 3
timeout = 30
graceful_timeout = 20
max_requests = 1000
max_requests_jitter = 50
worker_tmp_dir = "/dev/shm"
